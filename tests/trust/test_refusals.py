"""Refused attempts that must be recorded (T40, T56): written by themselves, bounded, and seen by nobody outside."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from stage import KEY, NOON, Client, Starter
from trail_desk import Trail

from kit.clock import FrozenClock
from kit.db import Database
from kit.ids import account_id, derived_id, new_id
from kit.principals import Principal
from kit.problems import Problem
from kit.refusals import OF_A_CALLER, OF_ALL, Refusals, refused
from kit.work import Transactions

SUB = "client:shop:ming"
MING = account_id(bytes.fromhex(KEY), "main", "ming")


def order_id(number: str) -> UUID:
    return derived_id("order", "main", number)


async def put_order(ticket: Client, number: str = "A-1", buyer: str = "hong") -> None:
    line = {"line_no": 1, "sku": "TEA", "quantity": 1, "paid_total": "20.00"}
    body = {"buyer_ref": buyer, "lines": [line], "placed_at": "2026-11-20T10:00:00+08:00"}
    answer = await ticket.call("PUT", f"/v1/orders/main/{number}", "storefront", json=body)
    assert answer.status_code == 201, answer.text


async def as_ming(
    ticket: Client, method: str, path: str, *, role: str = "storefront", **options: Any
) -> httpx.Response:
    """As a token narrowed to the buyer ming."""
    return await ticket.call(method, path, role, sub=SUB, account_id=MING, **options)


async def rows(ticket: Client, statement: str) -> Sequence[Any]:
    async with ticket.runtime.database.reading() as session:
        return (await session.execute(text(statement))).all()


async def refusals(ticket: Client) -> list[Any]:
    """What the trail says was refused, in order."""
    return list(await rows(ticket, "SELECT * FROM audit WHERE action = 'refuse' ORDER BY id"))


async def test_a_buyer_who_asks_for_anothers_order_is_in_the_trail(ticket: Client) -> None:
    """T40: with who asked, for what, when, under which request."""
    await put_order(ticket)
    answer = await as_ming(ticket, "GET", "/v1/orders/main/A-1", headers={"X-Request-Id": "ask-1"})
    assert answer.status_code == 404
    (row,) = await refusals(ticket)
    assert (row.actor, row.noun, row.aggregate_id) == (SUB, "order", order_id("A-1"))
    assert (row.after, row.before, row.reason) == ({"problem": "not-found", "account_id": str(MING)}, {}, None)
    assert (row.request_id, row.at) == ("ask-1", NOON)


async def test_every_door_to_anothers_order_is_watched(ticket: Client) -> None:
    """T40: read, its flags, a flag put on it, a ticket opened about it."""
    doors = (
        ("GET", "/v1/orders/main/{}", "storefront", None),
        ("GET", "/v1/orders/main/{}/flags", "storefront", None),
        ("POST", "/v1/orders/main/{}/flags", "agent", {"colour": "red"}),
        ("POST", "/v1/tickets", "storefront", {"subject": "催发货", "order_no": "{}"}),
    )
    for place, (method, path, role, asked) in enumerate(doors):
        number = f"A-{place}"
        await put_order(ticket, number)
        body = {name: value.format(number) for name, value in asked.items()} if asked else None
        answer = await as_ming(ticket, method, path.format(number), role=role, json=body)
        assert answer.status_code == 404, (method, path, answer.text)
    assert [row.aggregate_id for row in await refusals(ticket)] == [order_id(f"A-{n}") for n in range(len(doors))]


async def test_every_door_to_anothers_ticket_is_watched(ticket: Client) -> None:
    """T40: read, its messages, and whatever the floor may do to it."""
    await put_order(ticket)
    opened = await ticket.call("POST", "/v1/tickets", "agent", json={"subject": "催发货", "order_no": "A-1"})
    assert opened.status_code == 201, opened.text
    where = f"/v1/tickets/{opened.json()['ticket_id']}"
    for place, (method, path, role, body) in enumerate((
        ("GET", where, "storefront", None),
        ("GET", f"{where}/messages", "storefront", None),
        ("POST", f"{where}/messages", "storefront", {"text": "在吗"}),
        ("POST", f"{where}/start", "agent", None),
    )):  # fmt: skip
        clock = ticket.runtime.clock
        assert isinstance(clock, FrozenClock)
        clock.advance(timedelta(minutes=1))
        answer = await as_ming(ticket, method, path, role=role, json=body)
        assert answer.status_code == 404, (method, path, answer.text)
        assert len(await refusals(ticket)) == place + 1, path
    assert {(row.noun, str(row.aggregate_id)) for row in await refusals(ticket)} == {
        ("ticket", opened.json()["ticket_id"])
    }


async def test_a_ticket_about_another_customer_is_refused_and_written_down(ticket: Client) -> None:
    """T40: a buyer opens tickets for nobody else."""
    hong = new_id()
    async with ticket.runtime.database.transaction() as session:
        copied = "INSERT INTO customer_copy (customer_id, language, tiers) VALUES (:id, 'zh-CN', '{}')"
        await session.execute(text(copied), {"id": hong})
    body = {"subject": "催发货", "customer_id": str(hong)}
    assert (await as_ming(ticket, "POST", "/v1/tickets", json=body)).status_code == 404
    assert [(row.noun, row.aggregate_id) for row in await refusals(ticket)] == [("customer", hong)]


async def test_the_answer_is_that_of_a_thing_that_does_not_exist(ticket: Client) -> None:
    """T40: the same bytes, the same headers."""
    await put_order(ticket)
    headers = {"X-Request-Id": "same", "Accept-Language": "en"}
    anothers = await as_ming(ticket, "GET", "/v1/orders/main/A-1", headers=headers)
    nobodys = await as_ming(ticket, "GET", "/v1/orders/main/A-2", headers=headers)
    assert (anothers.status_code, anothers.content) == (nobodys.status_code, nobodys.content)
    assert anothers.headers == nobodys.headers
    assert len(await refusals(ticket)) == 1


async def test_nothing_else_is_changed_or_told(ticket: Client) -> None:
    await put_order(ticket)
    tables = ("shop_order", "order_flag", "ticket", "outbox", "idempotency", "timer")
    before = [await rows(ticket, f"SELECT * FROM {table}") for table in tables]
    for _ in range(2):
        flagged = await as_ming(
            ticket, "POST", "/v1/orders/main/A-1/flags", role="agent", json={"colour": "green"},
            headers={"Idempotency-Key": "flag-1"},
        )  # fmt: skip
        assert flagged.status_code == 404
        assert "idempotent-replayed" not in flagged.headers
    assert [await rows(ticket, f"SELECT * FROM {table}") for table in tables] == before
    assert len(await refusals(ticket)) == 1


async def test_whoever_may_see_leaves_no_trace(ticket: Client) -> None:
    """One's own order, staff's look at any, another shop's staff (no buyer: X1), and what is in no table."""
    await put_order(ticket, buyer="ming")
    assert (await as_ming(ticket, "GET", "/v1/orders/main/A-1")).status_code == 200
    assert (await ticket.call("GET", "/v1/orders/main/A-1", "agent")).status_code == 200
    assert (await ticket.call("GET", "/v1/orders/main/A-1", "agent", shops=["outlet"])).status_code == 404
    assert (await as_ming(ticket, "GET", "/v1/orders/main/A-9")).status_code == 404
    assert await refusals(ticket) == []


async def test_a_flood_leaves_one_row_a_minute(ticket: Client, clock: FrozenClock) -> None:
    await put_order(ticket)
    flood = [as_ming(ticket, "GET", "/v1/orders/main/A-1") for _ in range(50)]
    assert {answer.status_code for answer in await asyncio.gather(*flood)} == {404}
    assert len(await refusals(ticket)) == 1
    clock.advance(timedelta(minutes=1))
    assert (await as_ming(ticket, "GET", "/v1/orders/main/A-1")).status_code == 404
    assert len(await refusals(ticket)) == 2


async def test_a_trail_that_takes_no_row_changes_no_answer(ticket: Client) -> None:
    await put_order(ticket)
    headers = {"X-Request-Id": "same"}
    recorded = await as_ming(ticket, "GET", "/v1/orders/main/A-1", headers=headers)
    async with ticket.runtime.database.transaction() as session:
        await session.execute(text("ALTER TABLE audit ADD CHECK (action <> 'refuse') NOT VALID"))
    await put_order(ticket, "A-2")
    unwritten = await as_ming(ticket, "GET", "/v1/orders/main/A-2", headers=headers)
    assert (unwritten.status_code, unwritten.content) == (404, recorded.content)
    assert len(await refusals(ticket)) == 1


async def test_a_customers_file_is_watched_alike(start_service: Starter) -> None:
    """T40: the customer service has no way of its own."""
    async with start_service("customer") as customer:
        body = {"phones": ["13812345678"], "accounts": [{"buyer_ref": "hong"}]}
        hong = (await customer.call("POST", "/v1/customers", "agent", json=body)).json()["customer_id"]
        for path in (f"/v1/customers/{hong}", f"/v1/customers/{hong}/purchases"):
            assert (await as_ming(customer, "GET", path)).status_code == 404
        (row,) = await refusals(customer)
        assert (row.actor, row.noun, str(row.aggregate_id)) == (SUB, "customer", hong)


def an_attempt(subject: str = "client:shop", thing: UUID | None = None, account: UUID | None = None) -> Problem:
    """A 403 that has to be recorded (T56)."""
    actor = Principal(subject, frozenset({"agent"}), account_id=account)
    work: Any = type("W", (), {"actor": actor, "request_id": "r-1"})()
    return refused(work, Problem("forbidden", may=["manager"]), "refund", thing or new_id(), limit="50.00")


async def test_any_problem_can_be_recorded_with_its_facts(trail: Trail) -> None:
    """T56: the answer says who may, the trail what was over which limit."""
    problem = an_attempt()
    assert problem.refusal is not None
    assert problem.facts == {"may": ["manager"]}
    await Refusals().write(trail.transactions, problem.refusal)
    ((action, noun, after),) = await trail.rows("SELECT action, noun, after FROM audit")
    assert (action, noun, after) == ("refuse", "refund", {"problem": "forbidden", "limit": "50.00"})


async def test_neither_one_caller_nor_all_of_them_fill_the_trail(trail: Trail) -> None:
    """Bounds per caller and minute, and over all callers: each buyer of one storefront is a caller."""
    written = Refusals()
    for _ in range(OF_A_CALLER + 5):
        await written.write(trail.transactions, an_attempt(account=MING).refusal)  # type: ignore[arg-type]
    assert await trail.rows("SELECT count(*) FROM audit") == [OF_A_CALLER]
    for _ in range(OF_ALL):
        await written.write(trail.transactions, an_attempt(account=new_id()).refusal)  # type: ignore[arg-type]
    assert await trail.rows("SELECT count(*) FROM audit") == [OF_ALL]
    trail.clock.advance(timedelta(minutes=1))
    await written.write(trail.transactions, an_attempt(account=MING).refusal)  # type: ignore[arg-type]
    assert await trail.rows("SELECT count(*) FROM audit") == [OF_ALL + 1]


async def test_with_the_database_away_it_is_logged_and_tried_again(
    trail: Trail, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    written, attempt = Refusals(), an_attempt()
    assert attempt.refusal is not None
    await written.write(Transactions(away, clock, bytes(32), lambda: None), attempt.refusal)
    assert "refusal.unwritten" in capsys.readouterr().out
    await written.write(trail.transactions, attempt.refusal)
    assert await trail.rows("SELECT count(*) FROM audit") == [1]
    await away.close()


async def test_a_caller_waits_for_no_trail(ticket: Client) -> None:
    """The answer has gone before the trail is written: the wait tells nobody what there is."""
    await put_order(ticket)
    sent, states = [], []

    async def send(message: Any) -> None:
        sent.append(message["type"])
        states.append(len(await refusals(ticket)))

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"authorization", ticket.as_("storefront", sub=SUB, account_id=MING)["Authorization"].encode())]
    path = "/v1/orders/main/A-1"
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
             "headers": headers, "http_version": "1.1", "scheme": "http", "server": ("service", 80), "asgi": {}}  # fmt: skip
    await ticket.app(scope, receive, send)
    assert (sent, states) == (["http.response.start", "http.response.body"], [0, 0])
    assert len(await refusals(ticket)) == 1
