"""What a change makes of an order: old beside new, and what it costs more or less (T37). Pure; minor units (X4)."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from contracts.ticket.order import ChangeKind
from kit.money import round_half_up
from kit.problems import Fault, Problem

Line = Mapping[str, Any]


class PricedLike(Protocol):
    """An order as far as its terms go."""

    currency: str
    discount_minor: int
    freight_minor: int
    surcharge_minor: int
    lines: list[dict[str, Any]]
    courier: str | None


@dataclass(frozen=True, slots=True)
class WantedLine:
    """What is to be another on one line; what isn't named stays."""

    line_no: int
    sku: str | None = None
    colour: str | None = None
    size: str | None = None
    quantity: int | None = None
    paid_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be another on an order. `surcharge_minor` is what the new courier costs beyond the included ones;
    an address is told apart, because it is nobody's to see here (X6)."""

    lines: Sequence[WantedLine] = ()
    courier: str | None = None
    surcharge_minor: int | None = None
    address: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Old beside new line by line, what kinds of change that is, and the signed difference of what is due."""

    kinds: tuple[ChangeKind, ...]
    lines: tuple[dict[str, Any], ...]
    difference_minor: int


@dataclass(slots=True)
class _Reckoning:
    kinds: set[ChangeKind] = field(default_factory=set)
    lines: list[dict[str, Any]] = field(default_factory=list)
    difference: int = 0
    faults: list[Fault] = field(default_factory=list)


def due_of(order: PricedLike) -> int:
    """What the order costs its buyer."""
    goods: int = sum(line["paid_minor"] for line in order.lines)
    return goods - order.discount_minor + order.freight_minor


def digest_of(order: PricedLike) -> bytes:
    """What stands for the terms that a change was reckoned on: other terms, another reckoning."""
    facts = [
        order.currency, order.discount_minor, order.freight_minor, order.surcharge_minor, order.courier,
        [[line[name] for name in ("line_no", "sku", "options", "quantity", "paid_minor")] for line in order.lines],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).digest()


def reckon(order: PricedLike, wanted: Wanted) -> Terms:
    """What the change comes to.

    Pieces more or less cost what the others did, in proportion; another colour or size costs the same; another
    article says what it costs. Raises Problem `invalid-request` for a line that isn't there, one named twice, one
    that would stay as it is, another article without a price, and for a change that changes nothing or would cost
    less than nothing.
    """
    found = _Reckoning()
    known = {line["line_no"]: line for line in order.lines}
    seen: set[int] = set()
    for place, one in enumerate(wanted.lines):
        line = known.get(one.line_no)
        if line is None or one.line_no in seen:
            found.faults.append(
                Fault(f"/lines/{place}/line_no", "订单没有这一行，或重复", "is no line of the order, or stands twice")
            )
            continue
        seen.add(one.line_no)
        _reckon_line(found, place, line, one)
    _reckon_courier(found, order, wanted)
    if wanted.address:
        found.kinds.add(ChangeKind.ADDRESS)
    if not found.faults and not found.kinds:
        found.faults.append(Fault("", "没有任何变更", "changes nothing"))
    if not found.faults and due_of(order) + found.difference < 0:
        found.faults.append(Fault("/lines", "变更后金额为负", "the order would cost less than nothing"))
    if found.faults:
        raise Problem("invalid-request", faults=found.faults)
    return Terms(tuple(kind for kind in ChangeKind if kind in found.kinds), tuple(found.lines), found.difference)


def _reckon_line(found: _Reckoning, place: int, line: Line, wanted: WantedLine) -> None:
    quantity = wanted.quantity or line["quantity"]
    another = wanted.sku is not None and wanted.sku != line["sku"]
    if another and wanted.paid_minor is None:
        fault = Fault(f"/lines/{place}/paid_total", "更换商品须写明该行金额", "another article says what it costs")
        found.faults.append(fault)
        return
    usual = round_half_up(Fraction(line["paid_minor"] * quantity, line["quantity"]))
    paid = usual if wanted.paid_minor is None else wanted.paid_minor
    shown = parts(line.get("options"))
    kinds = {
        ChangeKind.ARTICLE: another,
        ChangeKind.COLOUR: wanted.colour is not None and wanted.colour not in shown,
        ChangeKind.SIZE: wanted.size is not None and wanted.size not in shown,
        ChangeKind.QUANTITY: quantity != line["quantity"],
        ChangeKind.PRICE: paid != usual and not another,
    }
    if not any(kinds.values()):
        found.faults.append(Fault(f"/lines/{place}", "这一行没有变化", "the line would stay as it is"))
        return
    found.kinds |= {kind for kind, changed in kinds.items() if changed}
    found.difference += paid - line["paid_minor"]
    found.lines.append(
        {
            "line_no": wanted.line_no,
            "old": {name: line.get(name) for name in ("sku", "options", "quantity", "paid_minor")},
            "new": {
                "sku": wanted.sku or line["sku"], "colour": wanted.colour, "size": wanted.size, "quantity": quantity,
                "paid_minor": paid,
            },
        }
    )  # fmt: skip


def _reckon_courier(found: _Reckoning, order: PricedLike, wanted: Wanted) -> None:
    if wanted.courier is None:
        return
    if wanted.courier == order.courier:
        found.faults.append(Fault("/courier", "快递没有变化", "the order has this courier already"))
        return
    found.kinds.add(ChangeKind.COURIER)
    found.difference += (wanted.surcharge_minor or 0) - order.surcharge_minor


def parts(options: str | None) -> frozenset[str]:
    """Colour and size as an order tells them, in one text: 红罐 / 500 g."""
    return frozenset(part.strip() for part in (options or "").split("/") if part.strip())


def is_carried_out(
    order: PricedLike, lines: Iterable[Line], courier: str | None, due_before: int, difference: int
) -> bool:
    """Whether an order's new revision is what the change asked for, but for the address.

    What it costs is what was reckoned; or what it did before, where a top-up or a refund apart made the difference
    and something else shows that this is the change.
    """
    changes = list(lines)
    known = {line["line_no"]: line for line in order.lines}
    due = due_of(order)
    shows = courier is not None or any(_shows(change) for change in changes)
    if due != due_before + difference and not (due == due_before and shows):
        return False
    if courier is not None and courier != order.courier:
        return False
    return all(_is_line(known.get(change["line_no"]), change["new"]) for change in changes)


def _shows(change: Line) -> bool:
    """Whether something besides the price is to be another."""
    old, new = change["old"], change["new"]
    return bool(new["colour"] or new["size"]) or (old["sku"], old["quantity"]) != (new["sku"], new["quantity"])


def _is_line(line: Line | None, new: Line) -> bool:
    if line is None or (line["sku"], line["quantity"]) != (new["sku"], new["quantity"]):
        return False
    shown = parts(line.get("options"))
    return all(new[name] is None or new[name] in shown for name in ("colour", "size"))
