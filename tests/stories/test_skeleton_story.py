"""The story of the skeleton through the gateway, on processes of their own (T30–T32, A6, C10, N4)."""

from typing import Any

from stage import concrete

from contracts.permissions import roles_with
from kit.testing.poll import eventually
from ops import story
from ops.callers import Callers
from ops.credentials import STAFF_ROLES
from ops.demo import cdnow
from ops.demo.command import QUOTED_ORDERS, commission_quotes, file_totals


async def test_imported_history_equals_the_file_to_the_cent_also_after_a_second_import(people: Callers) -> None:
    purchases = cdnow.sample()
    file = file_totals(purchases)
    first = await story.import_purchases(people.storefront, purchases, lambda _: None)
    assert (first.recorded + first.unchanged, first.refused) == (6919, 0)
    assert await story.settled_totals(people.staff("manager"), file, within=60) == file
    again = await story.import_purchases(people.storefront, purchases, lambda _: None)
    assert (again.recorded, again.unchanged, again.refused) == (0, 6919, 0)
    assert await story.settled_totals(people.staff("manager"), file, within=10) == file


async def test_a_problem_order_ends_in_the_inbox_and_a_cleared_one_in_the_credit(people: Callers) -> None:
    told = await story.tell(people)
    assert told.inquiry["status"] == "closed"
    assert told.inquiry["order_no"] == told.problem_order["order_no"]
    assert told.credit["staff_id"] == told.agent["staff_id"]
    assert told.credit["basis"] == "cleared"
    assert told.customer["provisional"] is True
    assert len({message["notification_id"] for message in told.messages}) == len(told.messages)


async def test_the_commission_quotes_of_the_rule(people: Callers) -> None:
    """A6, all examples in all three variants."""
    quotes = await commission_quotes(people)
    assert QUOTED_ORDERS == (800, 1000, 1001, 2000, 3000, 3001, 3500)
    assert quotes == {
        "progressive": ["800.00", "1000.00", "1000.75", "1750.00", "2500.00", "2500.50", "2750.00"],
        "stage-table": ["800.00", "1000.00", "3750.75", "4500.00", "5250.00", "6000.50", "6250.00"],
        "stage-base": ["800.00", "1000.00", "3000.75", "3750.00", "4500.00", "4500.50", "4750.00"],
    }


async def test_the_wrong_role_gets_403_and_nobody_401_through_the_gateway_too(people: Callers) -> None:
    """G2: the merged document names every operation's permission; each is asked for through the gateway."""
    document = await eventually(lambda: whole_document(people), within=30)
    roles = {role: people.staff(role) for role in STAFF_ROLES} | {"storefront": people.storefront}
    walked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            permission = operation.get("x-permission")
            if permission is None:
                continue
            where = concrete(path)
            async with people.http.request(method, people.gateway + where) as nobody:
                assert nobody.status == 401, f"{method} {path} let nobody in"
            for role, caller in roles.items():
                if role not in roles_with(permission):
                    status, _ = await caller.call(method, where, {})
                    assert status == 403, f"{method} {path} answered {role} with {status}"
                    walked += 1
    assert walked > 100


async def whole_document(people: Callers) -> dict[str, Any] | None:
    """The merged document, once every service has made its own."""
    async with people.http.get(f"{people.gateway}/openapi.json") as answer:
        document: dict[str, Any] = await answer.json()
    return None if document.get("x-missing") else document
