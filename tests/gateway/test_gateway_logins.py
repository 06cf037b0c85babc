"""The administration of logins and clients, and what happens to a leaver's login (G2, C7, A10)."""

from uuid import UUID

import pytest
from gateway_desk import Desk

from contracts.appraisal.staff import StaffChanged, StaffEvent, StaffLeft, StaffState, StaffStatus, StaffSuspended
from gateway.identity import service
from gateway.identity.lifecycle import BY_HAND, STAFF_LEFT, STAFF_SUSPENDED, follow_staff
from gateway.identity.models import Account
from gateway.subscribers import subscriptions
from kit.clock import SystemClock
from kit.envelope import Delivery, Meta
from kit.ids import new_id
from kit.principals import system
from kit.problems import Problem

PASSWORD = "sunny-river-4711"


@pytest.fixture
def desk(standing_desk: Desk) -> Desk:
    return standing_desk


def wanted(**changes: object) -> dict[str, object]:
    return {
        "username": f"u{new_id().hex[-12:]}",
        "password": PASSWORD,
        "roles": ["agent"],
        "shops": ["main"],
        **changes,
    }


async def make(desk: Desk, **changes: object) -> dict[str, object]:
    answer = await desk.http.post("/v1/accounts", json=wanted(**changes), headers=await desk.as_("admin"))
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    assert answer.headers["Location"] == f"/v1/accounts/{made['id']}"
    return made


async def log_in(desk: Desk, username: object) -> int:
    answer = await desk.ask_token(grant_type="password", username=str(username), password=PASSWORD)
    return answer.status_code


async def audited(desk: Desk, aggregate_id: object) -> list[str]:
    rows = await desk.rows(
        "SELECT action FROM audit WHERE aggregate_id = :id ORDER BY id", id=UUID(str(aggregate_id))
    )
    return [row["action"] for row in rows]


async def test_a_new_login_works_and_is_audited(desk: Desk) -> None:
    made = await make(desk, staff_id=str(new_id()))
    assert "password" not in str(made)
    assert await log_in(desk, made["username"]) == 200
    shown = await desk.http.get(f"/v1/accounts/{made['id']}", headers=await desk.as_("admin"))
    assert shown.json() == made
    assert await audited(desk, made["id"]) == ["create"]


async def test_a_disabled_login_is_dead_and_stays_so(desk: Desk) -> None:
    made = await make(desk)
    headers = await desk.as_("admin")
    answer = await desk.http.post(f"/v1/accounts/{made['id']}/disable", headers=headers)
    assert answer.json()["disabled_reason"] == BY_HAND
    assert await log_in(desk, made["username"]) == 400
    again = await desk.http.post(f"/v1/accounts/{made['id']}/disable", headers=headers)
    assert again.status_code == 409
    assert {"from": "disabled", "verb": "disable", "allowed": []}.items() <= again.json().items()
    assert await audited(desk, made["id"]) == ["create", "disable"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"password": "short"}, "/password"),
        ({"password": "x" * 12}, "/password"),
        ({"password": "x" * 257}, "/password"),
        ({"password": "my-name-is-li.na", "username": "li.na"}, "/password"),
        ({"username": "a b"}, "/username"),
        ({"username": "x"}, "/username"),
        ({"roles": []}, "/roles"),
        ({"roles": ["root"]}, "/roles/0"),
        ({"roles": ["service"]}, "/roles/0"),
        ({"shops": []}, "/shops"),
        ({"shops": ["Not A Shop"]}, "/shops/0"),
        ({"staff_id": "7"}, "/staff_id"),
        ({"disabled_at": None}, "/disabled_at"),
    ],
)
async def test_what_is_wrong_with_a_login_is_told(desk: Desk, changes: dict[str, object], pointer: str) -> None:
    answer = await desk.http.post("/v1/accounts", json=wanted(**changes), headers=await desk.as_("admin"))
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert str(changes.get("password", "\0")) not in answer.text


async def test_a_username_is_taken_once_in_any_case(desk: Desk) -> None:
    made = await make(desk)
    body = wanted(username=str(made["username"]).upper())
    answer = await desk.http.post("/v1/accounts", json=body, headers=await desk.as_("admin"))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-exists")
    assert answer.json()["field"] == "/username"


@pytest.mark.parametrize("role", ["agent", "supervisor", "finance"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/accounts"), ("POST", "/v1/accounts"), ("GET", f"/v1/accounts/{UUID(int=1)}"),
     ("POST", f"/v1/accounts/{UUID(int=1)}/disable"), ("GET", "/v1/clients"), ("POST", "/v1/clients"),
     ("POST", f"/v1/clients/{UUID(int=1)}/disable"), ("GET", "/v1/api-keys"), ("POST", "/v1/api-keys"),
     ("POST", f"/v1/api-keys/{UUID(int=1)}/revoke"), ("GET", "/v1/signing-keys"),
     ("POST", "/v1/signing-keys/rotate")],
)  # fmt: skip
async def test_administration_is_for_administrators(desk: Desk, method: str, path: str, role: str) -> None:
    assert (await desk.http.request(method, path, json={})).status_code == 401
    answer = await desk.http.request(method, path, json={}, headers=await desk.as_(role))
    assert answer.status_code == 403


async def test_an_unknown_login_is_not_found(desk: Desk) -> None:
    headers = await desk.as_("admin")
    assert (await desk.http.get(f"/v1/accounts/{new_id()}", headers=headers)).status_code == 404
    assert (await desk.http.post(f"/v1/accounts/{new_id()}/disable", headers=headers)).status_code == 404


async def test_lists_are_paged(desk: Desk) -> None:
    headers = await desk.as_("admin")
    made = {str((await make(desk))["id"]) for _ in range(3)}
    found: list[str] = []
    path = "/v1/accounts?limit=2"
    while path:
        page = (await desk.http.get(path, headers=headers)).json()
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        path = f"/v1/accounts?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert found == sorted(set(found))
    assert made <= set(found)
    stolen = await desk.http.get(f"/v1/clients?cursor={'A' * 40}", headers=headers)
    assert stolen.status_code == 422


async def test_a_client_s_secret_is_told_once(desk: Desk) -> None:
    headers = await desk.as_("admin")
    body = {"client_id": f"shop-{new_id().hex[-8:]}", "name": "Shop", "roles": ["storefront"], "shops": ["main"]}
    once = {**headers, "Idempotency-Key": new_id().hex}
    made = (await desk.http.post("/v1/clients", json=body, headers=once)).json()
    assert len(made["client_secret"]) >= 43
    listed = await desk.http.get("/v1/clients?limit=200", headers=headers)
    assert made["client_id"] in listed.text
    assert made["client_secret"] not in listed.text
    kept = await desk.rows("SELECT * FROM idempotency")
    assert made["client_secret"] not in str(kept)
    asked = {
        "grant_type": "client_credentials",
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
    }
    assert (await desk.ask_token(**asked)).status_code == 200
    other_shop = await desk.ask_token(**asked, shop="outlet", buyer="b")
    assert (other_shop.status_code, other_shop.json()["error"]) == (400, "invalid_scope")
    assert (await desk.ask_token(**asked, shop="main", buyer="b")).status_code == 200
    again = await desk.http.post("/v1/clients", json=body, headers=headers)
    assert again.status_code == 409


async def test_only_storefronts_act_for_a_buyer(desk: Desk) -> None:
    body = {"client_id": f"svc-{new_id().hex[-8:]}", "name": "Warehouse", "roles": ["service"]}
    made = (await desk.http.post("/v1/clients", json=body, headers=await desk.as_("admin"))).json()
    asked = {
        "grant_type": "client_credentials",
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
    }
    answer = await desk.ask_token(**asked, shop="main", buyer="b")
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


def account(reason: str | None) -> Account:
    now = SystemClock().now()
    return Account(
        username="a", password_hash="", roles=[], shops=[], created_at=now, disabled_reason=reason,
        disabled_at=now if reason else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "status", "done", "then"),
    [
        (None, "active", None, None),
        (None, "probation", None, None),
        (None, "suspended", "disable", STAFF_SUSPENDED),
        (None, "left", "disable", STAFF_LEFT),
        (STAFF_SUSPENDED, "active", "enable", None),
        (STAFF_SUSPENDED, "probation", "enable", None),
        (STAFF_SUSPENDED, "suspended", None, STAFF_SUSPENDED),
        (STAFF_SUSPENDED, "left", "disable", STAFF_LEFT),
        *((STAFF_LEFT, status, None, STAFF_LEFT) for status in StaffStatus),
        *((BY_HAND, status, None, BY_HAND) for status in StaffStatus),
    ],
)
def test_a_login_follows_its_person(reason: str | None, status: str, done: str | None, then: str | None) -> None:
    login = account(reason)
    assert follow_staff(login, status, SystemClock().now()) == done
    assert login.disabled_reason == then
    assert (login.disabled_at is None) is (then is None)


def staff_event(
    kind: type[StaffLeft | StaffSuspended | StaffChanged], staff_id: UUID, status: str, sequence: int
) -> Delivery:  # type: ignore[type-arg]
    now = SystemClock().now()
    state = StaffState.model_validate(
        {"staff_id": staff_id, "number": "S-1", "role": "agent", "status": status, "hired_on": "2026-01-01"}
    )
    facts = {
        "recorded_by": "x",
        "recorded_at": now,
        "suspended_by": "x",
        "suspended_at": now,
        "changed_by": "x",
        "changed_at": now,
    }
    event = kind.model_validate({"staff": state, **facts})
    return Delivery(Meta(new_id(), kind.SUBJECT, staff_id, sequence, now), event)


async def deliver(desk: Desk, *deliveries: Delivery[StaffEvent]) -> None:
    handlers = subscriptions(desk.revocations)[0].handlers
    async with desk.runtime.transactions.begin(system("gateway-staff")) as work:
        for delivery in deliveries:
            await handlers[delivery.meta.subject](work, [delivery])


async def test_a_leaver_s_login_ends_and_no_new_one_is_made(desk: Desk) -> None:
    staff_id = new_id()
    made = await make(desk, staff_id=str(staff_id))
    await deliver(desk, staff_event(StaffLeft, staff_id, "left", 3))
    assert await log_in(desk, made["username"]) == 400
    assert await audited(desk, made["id"]) == ["create", "disable"]
    answer = await desk.http.post(
        "/v1/accounts", json=wanted(staff_id=str(staff_id)), headers=await desk.as_("admin")
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/staff_id"


async def test_a_suspended_login_rests_until_its_person_is_back(desk: Desk) -> None:
    staff_id = new_id()
    first = await make(desk, staff_id=str(staff_id))
    await deliver(desk, staff_event(StaffSuspended, staff_id, "suspended", 2))
    second = await make(desk, staff_id=str(staff_id))
    assert second["disabled_reason"] == STAFF_SUSPENDED
    assert [await log_in(desk, one["username"]) for one in (first, second)] == [400, 400]
    await deliver(desk, staff_event(StaffChanged, staff_id, "active", 3))
    assert [await log_in(desk, one["username"]) for one in (first, second)] == [200, 200]
    assert await audited(desk, first["id"]) == ["create", "disable", "enable"]


async def test_a_refused_change_leaves_nothing(desk: Desk) -> None:
    made = await make(desk)

    async def disable_and_fail() -> None:
        async with desk.runtime.transactions.begin(system("test")) as work:
            await service.disable_account(work, UUID(str(made["id"])), desk.revocations)
            raise Problem("conflict")

    with pytest.raises(Problem):
        await disable_and_fail()
    assert await log_in(desk, made["username"]) == 200
    assert await audited(desk, made["id"]) == ["create"]
