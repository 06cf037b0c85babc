"""What is said of an event that could not be taken: enough to mend the cause, and nothing of anybody (X6, I7)."""

from typing import Any

import orjson
import pytest
from kit_rig import AT, FACT, Broker, Keeper, Peek, refunded, running, settled, subscriber
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from contracts.examples import example
from kit.bus import Bus
from kit.db import Database
from kit.envelope import Meta, UndecodableError, read_event
from kit.ids import new_id
from kit.problems import Fault, Problem, invalid
from kit.reasons import RefusedEventError, faults_in, reason_of
from kit.work import Transactions

REFUNDED = "storefront.refund.paid"
CANARY = "李小明13812345678"


class Line(BaseModel):
    """A part of what the tests send."""

    model_config = ConfigDict(extra="forbid")

    quantity: int


class Sent(BaseModel):
    """What the tests send."""

    lines: list[Line] = []
    prices: dict[str, int] = {}


def fault_of(body: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        Sent.model_validate(body)
    return faults_in(refused.value)


def test_places_and_types_are_named_and_no_value() -> None:
    assert fault_of({"lines": [{"quantity": 1}, {"quantity": CANARY}]}) == "/lines/1/quantity int_parsing"
    assert fault_of({"lines": [{}]}) == "/lines/0/quantity missing"
    assert fault_of(CANARY) == "model_type"


def test_a_key_that_the_sender_made_up_is_not_named() -> None:
    assert fault_of({"lines": [{"quantity": 1, CANARY: 1}]}) == "/lines/0/* extra_forbidden"
    assert fault_of({"prices": {CANARY: "x"}}) == "/prices/* int_parsing"
    assert fault_of({"prices": {"13812345678": "x"}}) == "/prices/* int_parsing"


def test_of_many_faults_the_first_are_told_and_how_many_more_there_are() -> None:
    told = fault_of({"lines": [{}] * 9})
    assert told.startswith("/lines/0/quantity missing, /lines/1/quantity missing")
    assert told.endswith("and 4 more")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "the body is no storefront.order.placed: json_invalid"),
        (b"[]", "the body is no storefront.order.placed: model_type"),
        (b'{"shop": "main"}', "/order_no missing"),
    ],
)
def test_an_unreadable_body_says_where_it_is_wrong(body: bytes, told: str) -> None:
    meta = Meta(new_id(), "storefront.order.placed", new_id(), 1, AT)
    with pytest.raises(UndecodableError, match=told):
        read_event(meta, body)


def test_a_wrong_phone_in_a_real_order_is_not_told() -> None:
    placed = orjson.loads(example("storefront.order.placed").model_dump_json())
    placed["order"]["recipient"]["phone"] = [CANARY]
    placed["order"][CANARY] = CANARY
    meta = Meta(new_id(), "storefront.order.placed", new_id(), 1, AT)
    with pytest.raises(UndecodableError) as refused:
        read_event(meta, orjson.dumps(placed))
    assert str(refused.value) == "the body is no storefront.order.placed: /order/recipient/phone string_type"


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001 - that is what is asked for
        return caught


def test_errors_tell_class_codes_and_place_and_never_their_text() -> None:
    assert reason_of(raised(KeyError(CANARY))).startswith("KeyError (at test_kit_reasons:")
    problem = Problem(
        "invalid-request", faults=[Fault("/lines/0/quantity", CANARY, CANARY), Fault(f"/{CANARY}", "", "")]
    )
    told = reason_of(raised(problem))
    assert told.startswith("Problem: invalid-request /lines/0/quantity, /* (at ")
    assert reason_of(raised(invalid("", CANARY, CANARY))).startswith("Problem: invalid-request")
    assert CANARY not in told
    assert len(reason_of(raised(ValueError("x" * 10_000)))) < 100


def test_a_handler_that_refuses_for_good_says_why_itself() -> None:
    assert reason_of(RefusedEventError("/order/lines/0: no such unit")) == "/order/lines/0: no such unit"
    assert reason_of(RefusedEventError("call 13812345678")) == "call ****"
    assert reason_of(RefusedEventError()) == "RefusedEventError"
    assert len(reason_of(RefusedEventError("x" * 10_000))) == 500


async def test_a_constraint_is_named_and_not_what_it_refused(database: Database, transactions: Transactions) -> None:
    async with database.reading() as session:
        with pytest.raises(IntegrityError) as refused:
            await session.execute(
                text("INSERT INTO thing (id, name) VALUES (:id, :name)"), {"id": new_id(), "name": CANARY}
            )
    told = reason_of(refused.value)
    assert told.startswith("IntegrityError: 23502 thing")
    assert CANARY not in told


async def test_what_is_refused_for_good_is_buried_at_once(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I7: no six attempts for an event that will never fit; the others of its batch are applied."""
    ids = [await broker.send(refunded(n), 1) for n in range(3)]
    keeper = Keeper(FACT, poison={ids[1]}, failure=RefusedEventError("/amount: another currency than the order's"))
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: keeper}).run()):
        await settled(broker, FACT)
    assert await peek.effects() == [ids[0], ids[2]]
    assert await peek.all("SELECT event_id, attempts, reason FROM dead_letter") == [
        (str(ids[1]), 1, "/amount: another currency than the order's")
    ]
    assert await peek.all("SELECT * FROM attempt") == []


async def test_a_failing_handler_is_told_by_class_and_place(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.subscriber._FIRST_PAUSE", 0.01)
    event_id = await broker.send(refunded(), 1)
    keeper = Keeper(FACT, poison={event_id}, failure=ValueError(CANARY))
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: keeper}).run()):
        await settled(broker, FACT)
    (reason,) = await peek.all("SELECT reason FROM dead_letter")
    assert reason.startswith("the handler failed: ValueError (at kit.subscriber:")
    assert CANARY not in str(await peek.all("SELECT reason FROM dead_letter"))
