"""Use cases of confirmations: ticked off, taken back, asked for before an order is cleared (T34)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kit import audit
from kit.policies import in_force
from kit.problems import Fault, Problem
from kit.work import Work
from services.ticket.confirmation import store
from services.ticket.confirmation.models import Tick
from services.ticket.confirmation.policy import ORDER_CONFIRMATION, OrderConfirmation, Step
from services.ticket.confirmation.seen import digest_of
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import OrderLike
from services.ticket.order.service import Order

__all__ = ["Confirmation", "StepState", "confirmation_of", "expect_confirmed", "tick_steps", "untick_steps"]


@dataclass(frozen=True, slots=True)
class StepState:
    """A step and the tick on it; `holds` as long as what was seen is still so."""

    step: Step
    tick: Tick | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An order's checklist as it stands."""

    order: Order
    steps: tuple[StepState, ...]
    policy_version: int

    @property
    def missing(self) -> list[str]:
        """The required steps that nobody has ticked off, or of which too much has changed."""
        return [state.step.code for state in self.steps if state.step.required and not state.holds]


async def confirmation_of(work: Work, shop: str, order_no: str) -> Confirmation:
    """The checklist of an order. Raises Problem `not-found`."""
    order, _ = await orders.get_order(work, shop, order_no)
    return await _stand(work, order)


async def tick_steps(work: Work, shop: str, order_no: str, steps: Sequence[str]) -> Confirmation:
    """打勾: this much is confirmed with the buyer, as the order is now.

    Raises Problem `not-found`, `stale-version` when the caller saw another version of the order, `order-closed` for a
    cancelled order, `order-unpaid` for one that is neither paid nor paid on delivery, `invalid-request` for a step
    that the shop's list doesn't have.
    """
    order = await orders.lock_order(work, shop, order_no)
    work.expect_version(order.version)
    _expect_alive(order)
    rules = await in_force(work.session, ORDER_CONFIRMATION, shop, work.now)
    _expect_known(rules.document, steps)
    if order.paid_at is None and order.payment_method not in rules.document.unpaid_methods:
        raise Problem("order-unpaid")
    party = await orders.party_of(work, order.order_id)
    ticks = [
        Tick(
            order_id=order.order_id,
            step=step.code,
            seen=digest_of(work.key, order, party, step.facts),
            revision=order.revision,
            policy_version=rules.version,
            ticked_by=work.actor.subject,
            ticked_by_staff_id=work.actor.staff_id,
            ticked_at=work.now,
        )
        for step in rules.document.steps
        if step.code in steps
    ]
    await store.keep(work.session, ticks)
    return await _written(work, order, "confirm", [tick.step for tick in ticks])


async def untick_steps(work: Work, shop: str, order_no: str, steps: Sequence[str]) -> Confirmation:
    """A tick was put in error. Raises Problem `not-found`, `stale-version`, `order-closed`, `invalid-request`."""
    order = await orders.lock_order(work, shop, order_no)
    work.expect_version(order.version)
    _expect_alive(order)
    rules = await in_force(work.session, ORDER_CONFIRMATION, shop, work.now)
    _expect_known(rules.document, steps)
    await store.drop(work.session, order.order_id, steps)
    return await _written(work, order, "unconfirm", steps)


async def expect_confirmed(work: Work, order: Order) -> None:
    """Raises Problem `not-confirmed`, which names the steps that are missing. The caller holds the order's row."""
    missing = (await _stand(work, order)).missing
    if missing:
        raise Problem("not-confirmed", missing=missing)


async def _stand(work: Work, order: Order) -> Confirmation:
    rules = await in_force(work.session, ORDER_CONFIRMATION, order.shop, work.now)
    ticks = await store.of_order(work.session, order.order_id)
    party = await orders.party_of(work, order.order_id)

    def state_of(step: Step) -> StepState:
        tick = ticks.get(step.code)
        holds = tick is not None and tick.seen == digest_of(work.key, order, party, step.facts)
        return StepState(step, tick, holds)

    return Confirmation(order, tuple(map(state_of, rules.document.steps)), rules.version)


async def _written(work: Work, order: Order, verb: str, steps: Sequence[str]) -> Confirmation:
    stands = await _stand(work, order)
    after = {"steps": sorted(set(steps)), "missing": stands.missing, "revision": order.revision}
    await audit.record(work, verb, "order", order.order_id, after=after)
    return stands


def _expect_alive(order: OrderLike) -> None:
    if order.cancelled_at is not None:
        raise Problem("order-closed")


def _expect_known(rules: OrderConfirmation, steps: Sequence[str]) -> None:
    known = {step.code for step in rules.steps}
    faults = list(_unknown(steps, known))
    if faults:
        raise Problem("invalid-request", faults=faults)


def _unknown(steps: Sequence[str], known: set[str]) -> Iterator[Fault]:
    names = ", ".join(sorted(known))
    for place, step in enumerate(steps):
        if step not in known:
            yield Fault(f"/steps/{place}", f"清单里只有：{names}", f"the list has only: {names}")
