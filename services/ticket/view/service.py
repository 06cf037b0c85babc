"""Use cases of saved views: kept, shared, looked through (T5)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit import audit
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.ticket import reading
from services.ticket.ticket.reading import Listed
from services.ticket.ticket.schemas import TicketFilter
from services.ticket.view import sharing, store
from services.ticket.view.models import View
from services.ticket.view.policy import SAVED_LIMITS
from services.ticket.view.schemas import ViewChange, ViewCreate, ViewFilters, ViewPublic
from services.ticket.view.sharing import Shared, With

SHARE = "view:share"


async def create_view(work: Work, asked: ViewCreate) -> View:
    """Save a view. Raises Problem `forbidden` for who may not share, `invalid-request` for one view too many."""
    await sharing.expect_may_share(work, asked.shared, SHARE)
    most = (await in_force(work.session, SAVED_LIMITS, EVERYWHERE, work.now)).document.views
    if await store.count_own(work.session, work.actor.subject) >= most:
        raise invalid("", f"每人最多 {most} 个视图", f"nobody has more than {most} views")
    view = View(
        view_id=new_id(),
        name=asked.name,
        owner=work.actor.subject,
        shared_to=asked.shared.to,
        shared_code=asked.shared.code,
        filters=_kept(asked.filters),
        mine=asked.mine,
        saved_at=work.now,
    )
    await store.add(work.session, view)
    await audit.record(work, "save", "view", view.view_id, after=_audited(view))
    return view


async def list_views(work: Work, after: UUID | None, limit: int) -> list[View]:
    """The caller's views and those shared with them, newest first."""
    return await store.page(work.session, await sharing.circle(work), after, limit)


async def get_view(work: Work, view_id: UUID) -> View:
    """One view. Raises Problem `not-found`, also for one that isn't shared with the caller."""
    return await sharing.expect_seen(work, await store.get(work.session, view_id))


async def change_view(work: Work, view_id: UUID, asked: ViewChange) -> View:
    """Change a view. Raises Problem `precondition-required`, `stale-version`, `not-found`, `forbidden` for somebody
    else's."""
    if work.expected_version is None:
        raise Problem("precondition-required")
    view = await _own(work, view_id)
    work.expect_version(view.version)
    before = _audited(view)
    if "shared" in asked.model_fields_set:
        await sharing.expect_may_share(work, asked.shared, SHARE)
        view.shared_to, view.shared_code = asked.shared.to, asked.shared.code
    if "name" in asked.model_fields_set:
        view.name = asked.name
    if "filters" in asked.model_fields_set:
        view.filters = _kept(asked.filters)
    if "mine" in asked.model_fields_set:
        view.mine = asked.mine
    view.version, view.saved_at = view.version + 1, work.now
    await audit.record(work, "change", "view", view.view_id, before=before, after=_audited(view))
    return view


async def remove_view(work: Work, view_id: UUID) -> None:
    """Remove a view. Raises Problem `not-found`, `forbidden` for somebody else's."""
    view = await _own(work, view_id)
    work.expect_version(view.version)
    view.removed_at = work.now
    await audit.record(work, "remove", "view", view.view_id, before=_audited(view))


async def open_view(work: Work, view: View, after: Sequence[Any] | None, limit: int) -> Listed:
    """The tickets of a view, as far as who looks may see them: the list of tickets, asked what the view says. Raises
    Problem `forbidden` when a view of one's own tickets is looked at by somebody who is no member of staff."""
    return await reading.list_tickets(work, _asked(work, view, limit), after)


async def count_view(work: Work, view: View) -> tuple[int, bool]:
    """How many tickets a view has, and whether counting stopped there."""
    most = (await in_force(work.session, SAVED_LIMITS, EVERYWHERE, work.now)).document.counted
    counted = await reading.count_tickets(work, _asked(work, view, 1), most + 1)
    return min(counted, most), counted > most


def describe(work: Work, view: View) -> ViewPublic:
    """The view as an answer shows it."""
    return ViewPublic(
        view_id=view.view_id,
        version=view.version,
        name=view.name,
        filters=ViewFilters.model_validate(view.filters),
        mine=view.mine,
        shared=Shared(to=With(view.shared_to), code=view.shared_code),
        own=view.owner == work.actor.subject,
        saved_at=view.saved_at,
    )


def _asked(work: Work, view: View, limit: int) -> TicketFilter:
    filters = dict(view.filters)
    if view.mine:
        if work.actor.staff_id is None:
            raise Problem("forbidden", permission="ticket:work")
        filters["assignee_staff_id"] = str(work.actor.staff_id)
    return TicketFilter.model_validate({**filters, "limit": limit})


def _kept(filters: Any) -> dict[str, Any]:
    return dict(filters.model_dump(mode="json", exclude_unset=True))


async def _own(work: Work, view_id: UUID) -> View:
    return await sharing.expect_own(work, await store.get_for_update(work.session, view_id), SHARE)


def _audited(view: View) -> dict[str, Any]:
    """Names are free text; which filters there are says enough."""
    return {"shared": [view.shared_to, view.shared_code], "filters": sorted(view.filters), "version": view.version}
