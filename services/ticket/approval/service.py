"""Use cases of approvals, for the rooms that give money: open a case, approve, revise, void it (T28, T56).

Whoever approves holds the row of the ticket and the book of the order, so cases of an order are weighed one after the
other; a customer's cases and a team's month are serialised here. The database holds all of it up by itself as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import business_date
from kit.http.edge import see_all
from kit.policies import in_force, prepare
from kit.policy import EVERYWHERE
from kit.principals import Principal
from kit.problems import Problem
from kit.refusals import refused
from kit.work import Work
from services.ticket.approval import lifecycle, store
from services.ticket.approval.lifecycle import LIFE, CaseStatus, Content, digest_of, person_of
from services.ticket.approval.models import Approval, ApprovalCase
from services.ticket.approval.policy import REFUND_AUTHORITY, TEAM_BUDGETS, Demand, Step, Sum, open_steps
from services.ticket.copies import service as copies

__all__ = [
    "Content", "Granted", "Needed", "TeamMonth", "approvals_of", "approve", "budgets_of", "digest_of",
    "expect_not_own", "lower", "needed", "open_case", "revise", "void",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Needed:
    """Who still has to approve, and why: the sums that the limits were held against, both with the case itself, and
    whether the team's month is used up."""

    steps: tuple[Step, ...]
    order_total_minor: int
    customer_total_minor: int
    over_budget: bool
    policy_version: int


@dataclass(frozen=True, slots=True)
class Granted:
    """What an approval came to: by whom the present content has been approved, and who has to besides."""

    complete: bool
    by: tuple[str, ...]
    missing: tuple[Step, ...]
    policy_version: int


@dataclass(frozen=True, slots=True)
class TeamMonth:
    """What a team may give in a month, None without end, and what it has given."""

    team_id: UUID
    currency: str
    budget_minor: int | None
    spent_minor: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """A case held against the matrix and the budget of its team."""

    demand: Demand
    order_total: int
    customer_total: int
    over_budget: bool
    policy_version: int


async def open_case(work: Work, case_id: UUID, content: Content, requested_by: Principal) -> None:
    """Put something before those who approve. The team whose member asks for it answers for it."""
    person = person_of(requested_by)
    case = ApprovalCase(
        case_id=case_id,
        noun=content.noun,
        shop=content.shop,
        order_id=content.order_id,
        account_id=content.account_id,
        status=LIFE.initial,
        requested_by_person=person,
        written_by_person=person,
        team_id=await _team_of(work.session, requested_by),
        content_digest=content.digest,
        reason=content.reason,
        tier=content.tier,
        currency=content.currency,
        amount_minor=content.amount_minor,
        opened_at=work.now,
    )
    await store.add_case(work.session, case)


async def revise(work: Work, case_id: UUID, content: Content) -> None:
    """The case says something else now: what was approved is void, and whoever wrote it can't approve it. So it is
    with one that was lowered and is to give all of it after all; nothing happens when it says the same.

    Raises Problem `transition-refused` for a case that is void.
    """
    case = await _locked(work, case_id)
    if lifecycle.stands(case, content):
        return
    await _give_back(work, case, case.approved_minor)
    lifecycle.revise(case, content, work.actor)
    await work.session.flush()


async def needed(work: Work, content: Content, case_id: UUID | None = None) -> Needed:
    """Who has to approve that content, for whoever asks beforehand; of a known case, who still has to. Nothing is
    locked or changed."""
    case = await store.get(work.session, case_id) if case_id is not None else None
    team_id = case.team_id if case is not None else await _team_of(work.session, work.actor)
    weighed = await _weigh(work, content, case_id, team_id)
    given: Sequence[Approval] = ()
    if case is not None and lifecycle.says(case, content):
        given = await store.approvals(work.session, case.case_id, case.content_version)
    return Needed(
        steps=open_steps(weighed.demand.steps, [one.roles for one in given]),
        order_total_minor=weighed.order_total,
        customer_total_minor=weighed.customer_total,
        over_budget=weighed.over_budget,
        policy_version=weighed.policy_version,
    )


async def approve(work: Work, case_id: UUID, content: Content) -> Granted:
    """批准: one person's approval of exactly this content. The caller holds the ticket and the book.

    Raises Problem `stale-version` when the case says something else by now, `transition-refused` when it is approved
    or void, `own-request` for who asked for it, wrote it or has approved it, `beyond-authority` for who can take none
    of the steps that are left; both say who may, and are written down (T56).
    """
    case = await _locked(work, case_id)
    if not lifecycle.says(case, content):
        raise Problem("stale-version")
    if CaseStatus(case.status) is not CaseStatus.ASKED:
        raise LIFE.refusal(CaseStatus(case.status), "approve")
    case.team_id = case.team_id or await _team_of(work.session, work.actor)
    await _take_turns(work, case)
    weighed = await _weigh(work, content, case_id, case.team_id)
    given = await store.approvals(work.session, case_id, case.content_version)
    missing = _expect_authority(work, case, weighed, given)
    mine = await _write_down(work, case, len(given) + 1)
    if not missing:
        await _complete(work, case, weighed)
    await work.session.flush()
    by = tuple(one.subject for one in (*given, mine))
    return Granted(not missing, by, missing, weighed.policy_version)


async def expect_not_own(work: Work, case_id: UUID) -> None:
    """Raises Problem `own-request` for whoever asked for the case or wrote what it says (T28, T56); it is written
    down. Nothing happens where nothing had to be approved."""
    case = await store.get(work.session, case_id)
    if case is not None and lifecycle.is_own(case, person_of(work.actor), []):
        raise _refusal(work, case, "own-request", [])


async def lower(work: Work, case_id: UUID, amount_minor: int) -> None:
    """Less is given than was approved, and the approval stands: the rest counts no more for limits and budgets.
    Raises Problem `transition-refused` for a case that isn't approved, ValueError for more than was."""
    case = await _locked(work, case_id)
    await _give_back(work, case, lifecycle.lower(case, amount_minor))
    await work.session.flush()


async def void(work: Work, case_id: UUID) -> None:
    """Refused or withdrawn: out of sums and budgets. Nothing happens when it is void already."""
    case = await _locked(work, case_id)
    if CaseStatus(case.status) is CaseStatus.VOID:
        return
    await _give_back(work, case, case.approved_minor)
    LIFE.move(case, "void")
    await work.session.flush()


async def budgets_of(work: Work, month: str) -> list[TeamMonth]:
    """月预算: what each team may give in a month by the policy of now, and what it has given (T56). Raises Problem
    `forbidden` for somebody who doesn't serve all shops: teams work for several."""
    see_all(work)
    spent = {(row.team_id, row.currency): row.spent_minor for row in await store.spent_in(work.session, month)}
    rules = (await in_force(work.session, TEAM_BUDGETS, EVERYWHERE, work.now)).document
    named = {(team_id, rules.currency) for team_id in rules.teams}
    return [
        TeamMonth(team_id, currency, rules.of(team_id, currency), spent.get((team_id, currency), 0))
        for team_id, currency in sorted(named | spent.keys())
    ]


async def approvals_of(session: AsyncSession, case_id: UUID) -> list[Approval]:
    """Everybody's approvals of any content of a case, in their order."""
    return await store.approvals(session, case_id)


async def _locked(work: Work, case_id: UUID) -> ApprovalCase:
    case = await store.get_for_update(work.session, case_id)
    if case is None:
        raise LookupError("a case is opened before it is approved")
    return case


async def _take_turns(work: Work, case: ApprovalCase) -> None:
    """Cases of one customer, then those of one team's month, are weighed one after the other."""
    if case.account_id is not None:
        customer_id = await copies.customer_of_account(work.session, case.account_id)
        await store.lock_customer(work.session, customer_id or case.account_id)
    if case.team_id is not None:
        await store.lock_budget(work.session, case.team_id, _month(work), case.currency)


async def _weigh(work: Work, content: Content, case_id: UUID | None, team_id: UUID | None) -> Weighed:
    """Hold a content against the sums that count besides it, as they stand now."""
    await prepare(work.session, [(REFUND_AUTHORITY, content.shop), (TEAM_BUDGETS, EVERYWHERE)], work.now)
    rules = await in_force(work.session, REFUND_AUTHORITY, content.shop, work.now)
    budgets = await in_force(work.session, TEAM_BUDGETS, EVERYWHERE, work.now)
    of_order = content.amount_minor + await store.given_of_order(work.session, content.order_id, case_id)
    of_customer = content.amount_minor
    if content.account_id is not None:
        accounts = await copies.accounts_beside(work.session, content.account_id)
        since = rules.document.since(work.now)
        of_customer += await store.sum_of_accounts(work.session, accounts, content.currency, since, case_id)
    demand = rules.document.demand(Sum(of_order, content.tier, content.reason, of_customer, content.currency))
    budget = budgets.document.of(team_id, content.currency)
    over = False
    if budget is not None and team_id is not None:
        spent = await store.spent(work.session, team_id, _month(work), content.currency)
        over = spent + content.amount_minor > budget
    return Weighed(demand.with_two() if over else demand, of_order, of_customer, over, rules.version)


def _expect_authority(
    work: Work, case: ApprovalCase, weighed: Weighed, given: Sequence[Approval]
) -> tuple[Step, ...]:
    """The steps that are left once the caller has approved, if they may."""
    steps, roles = weighed.demand.steps, [one.roles for one in given]
    before = open_steps(steps, roles)
    if lifecycle.is_own(case, person_of(work.actor), [one.person for one in given]):
        raise _refusal(work, case, "own-request", before)
    after = open_steps(steps, [*roles, lifecycle.approving_roles(work.actor)])
    if len(after) == len(before) > 0:
        raise _refusal(work, case, "beyond-authority", before)
    return after


def _refusal(work: Work, case: ApprovalCase, slug: str, left: Sequence[Step]) -> Problem:
    who_may = lifecycle.names(left)
    return refused(work, Problem(slug, who_may=who_may), case.noun, case.case_id, who_may=who_may)


async def _write_down(work: Work, case: ApprovalCase, step: int) -> Approval:
    approval = Approval(
        case_id=case.case_id,
        content_version=case.content_version,
        person=person_of(work.actor),
        step=step,
        roles=lifecycle.approving_roles(work.actor),
        subject=work.actor.subject,
        at=work.now,
    )
    await store.add_approval(work.session, approval)
    return approval


async def _complete(work: Work, case: ApprovalCase, weighed: Weighed) -> None:
    LIFE.move(case, "approve")
    case.approved_minor, case.approved_at, case.month = case.amount_minor, work.now, _month(work)
    case.policy_version = weighed.policy_version
    case.order_total_minor, case.customer_total_minor = weighed.order_total, weighed.customer_total
    if case.team_id is not None:
        await store.spend(work.session, case.team_id, case.month, case.currency, case.amount_minor)


async def _give_back(work: Work, case: ApprovalCase, minor: int | None) -> None:
    """What isn't given after all, back to the month in which the team spent it."""
    if minor and case.team_id is not None and case.month is not None:
        await store.spend(work.session, case.team_id, case.month, case.currency, -minor)


async def _team_of(session: AsyncSession, who: Principal) -> UUID | None:
    return None if who.staff_id is None else (await copies.places_of_staff(session, who.staff_id)).team_id


def _month(work: Work) -> str:
    return f"{business_date(work.now):%Y-%m}"
