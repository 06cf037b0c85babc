"""Use cases of macros: saved, shared, changed into new versions, run on a ticket (T53)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit import audit
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.macro import carrying, store
from services.ticket.macro.actions import ACTIONS, Action
from services.ticket.macro.models import Macro, MacroVersion
from services.ticket.macro.schemas import BulkRequest, MacroChange, MacroCreate, MacroPublic, MacroVersionPublic
from services.ticket.view import sharing
from services.ticket.view.policy import SAVED_LIMITS, SavedLimits
from services.ticket.view.sharing import Shared, With

SHARE = "macro:share"


async def create_macro(work: Work, asked: MacroCreate) -> Macro:
    """Save a macro. Raises Problem `forbidden` for who may not share, `invalid-request` for one macro, or action,
    too many."""
    await sharing.expect_may_share(work, asked.shared, SHARE)
    limits = await _limits(work)
    _expect_few(limits, asked.actions)
    if await store.count_own(work.session, work.actor.subject) >= limits.macros:
        raise invalid("", f"每人最多 {limits.macros} 个宏", f"nobody has more than {limits.macros} macros")
    macro = Macro(
        macro_id=new_id(),
        name=asked.name,
        owner=work.actor.subject,
        shared_to=asked.shared.to,
        shared_code=asked.shared.code,
        actions=_kept(asked.actions),
        saved_at=work.now,
    )
    await store.add(work.session, macro)
    await _keep_version(work, macro)
    await audit.record(work, "save", "macro", macro.macro_id, after=_audited(macro))
    return macro


async def list_macros(work: Work, after: UUID | None, limit: int) -> list[Macro]:
    """The caller's macros and those shared with them, newest first."""
    return await store.page(work.session, await sharing.circle(work), after, limit)


async def get_macro(work: Work, macro_id: UUID) -> Macro:
    """One macro. Raises Problem `not-found`, also for one that isn't shared with the caller."""
    return await sharing.expect_seen(work, await store.get(work.session, macro_id))


async def list_versions(work: Work, macro_id: UUID, before: int | None, limit: int) -> list[MacroVersion]:
    """What was saved of a macro, newest first. Raises Problem `not-found`."""
    await get_macro(work, macro_id)
    return await store.versions(work.session, macro_id, before, limit)


async def change_macro(work: Work, macro_id: UUID, asked: MacroChange) -> Macro:
    """Change a macro into its next version. Raises Problem `precondition-required`, `stale-version`, `not-found`,
    `forbidden` for somebody else's, `invalid-request`."""
    if work.expected_version is None:
        raise Problem("precondition-required")
    macro = await _own(work, macro_id)
    work.expect_version(macro.version)
    before = _audited(macro)
    if "shared" in asked.model_fields_set:
        await sharing.expect_may_share(work, asked.shared, SHARE)
        macro.shared_to, macro.shared_code = asked.shared.to, asked.shared.code
    if "name" in asked.model_fields_set:
        macro.name = asked.name
    if "actions" in asked.model_fields_set:
        _expect_few(await _limits(work), asked.actions)
        macro.actions = _kept(asked.actions)
    macro.version, macro.saved_at = macro.version + 1, work.now
    await _keep_version(work, macro)
    await audit.record(work, "change", "macro", macro.macro_id, before=before, after=_audited(macro))
    return macro


async def remove_macro(work: Work, macro_id: UUID) -> None:
    """Remove a macro; its versions stay. Raises Problem `not-found`, `forbidden` for somebody else's."""
    macro = await _own(work, macro_id)
    work.expect_version(macro.version)
    macro.removed_at = work.now
    await audit.record(work, "remove", "macro", macro.macro_id, before=_audited(macro))


async def run_macro(work: Work, macro_id: UUID, ticket_id: UUID) -> Any:
    """Do to a ticket what the macro says, all or nothing, and return the ticket. If-Match is the ticket's. Raises
    what `carry_out` does."""
    macro = await get_macro(work, macro_id)
    ticket = await carrying.carry_out(work, ticket_id, actions_of(macro))
    await note_run(work, macro, ticket_id)
    return ticket


async def asked_for(work: Work, asked: BulkRequest) -> tuple[Sequence[Action], Macro | None]:
    """What a bulk request wants done to each ticket. Raises Problem `not-found` for a macro that isn't there,
    `forbidden` for what the caller may not do by hand, `invalid-request` for too many tickets or actions."""
    limits = await _limits(work)
    if len(asked.ticket_ids) > limits.bulk_tickets:
        most = limits.bulk_tickets
        raise invalid("/ticket_ids", f"最多 {most} 张工单", f"takes at most {most} tickets")
    macro = await get_macro(work, asked.macro_id) if asked.macro_id else None
    actions = actions_of(macro) if macro else asked.actions or []
    _expect_few(limits, actions)
    carrying.expect_permitted(work, actions)
    return actions, macro


async def note_run(work: Work, macro: Macro, ticket_id: UUID) -> None:
    """Which version was run on which ticket, for the trail."""
    after = {"ticket_id": str(ticket_id), "version": macro.version}
    await audit.record(work, "run", "macro", macro.macro_id, after=after)


def actions_of(macro: Macro) -> list[Action]:
    """What the macro does."""
    return ACTIONS.validate_python(macro.actions)


def describe(work: Work, macro: Macro) -> MacroPublic:
    """The macro as an answer shows it."""
    return MacroPublic(
        macro_id=macro.macro_id,
        version=macro.version,
        name=macro.name,
        actions=actions_of(macro),
        shared=Shared(to=With(macro.shared_to), code=macro.shared_code),
        own=macro.owner == work.actor.subject,
        saved_at=macro.saved_at,
    )


def describe_version(saved: MacroVersion) -> MacroVersionPublic:
    """A saved version as an answer shows it."""
    actions = ACTIONS.validate_python(saved.actions)
    return MacroVersionPublic(**saved.model_dump(exclude={"actions"}), actions=actions)


async def _limits(work: Work) -> SavedLimits:
    return (await in_force(work.session, SAVED_LIMITS, EVERYWHERE, work.now)).document


def _expect_few(limits: SavedLimits, actions: Sequence[Action]) -> None:
    if len(actions) > limits.actions:
        raise invalid("/actions", f"最多 {limits.actions} 个动作", f"takes at most {limits.actions} actions")


def _kept(actions: Sequence[Action]) -> list[Any]:
    return [action.model_dump(mode="json", exclude_unset=True) for action in actions]


async def _keep_version(work: Work, macro: Macro) -> None:
    saved = MacroVersion(
        macro_id=macro.macro_id,
        version=macro.version,
        name=macro.name,
        actions=macro.actions,
        saved_by=work.actor.subject,
        saved_at=work.now,
    )
    await store.add_version(work.session, saved)


async def _own(work: Work, macro_id: UUID) -> Macro:
    return await sharing.expect_own(work, await store.get_for_update(work.session, macro_id), SHARE)


def _audited(macro: Macro) -> dict[str, Any]:
    """What it does, without its texts."""
    does = [action["do"] for action in macro.actions]
    return {"shared": [macro.shared_to, macro.shared_code], "does": does, "version": macro.version}
