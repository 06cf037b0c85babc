"""What somebody saw of an order when they ticked a step off, so that a tick holds for that and nothing else (T34)."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

import orjson

from services.ticket.confirmation.policy import Fact
from services.ticket.order.lifecycle import OrderLike, due
from services.ticket.order.sealing import Party


def digest_of(key: bytes, order: OrderLike, party: Party, facts: Iterable[Fact]) -> bytes:
    """What stands for these parts of the order. Keyed: a plain digest of a phone number could be guessed back to the
    number (X6)."""
    said = orjson.dumps([[fact, _part(order, party, fact)] for fact in sorted(facts)])
    return hmac.digest(key, b"confirmation\0" + order.order_id.bytes + said, hashlib.sha256)


def _part(order: OrderLike, party: Party, fact: Fact) -> Any:
    parts: dict[Fact, Any] = {
        Fact.AMOUNT: [order.currency, due(order)],
        Fact.ARTICLES: _of_lines(order, "sku", "item_no", "quantity"),
        Fact.OPTIONS: _of_lines(order, "options"),
        Fact.ADDRESS: party.recipient.address,
        Fact.CONTACT: [party.recipient.name, party.recipient.phone],
        Fact.COURIER: order.courier,
    }
    return parts[fact]


def _of_lines(order: OrderLike, *names: str) -> list[list[Any]]:
    lines = sorted(order.lines, key=lambda line: line["line_no"])
    return [[line["line_no"], *(line.get(name) for name in names)] for line in lines]
