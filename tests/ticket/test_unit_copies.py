"""Copies of units and teams (X2, A1): the newest state, and what the service answers about them."""

from typing import Any
from uuid import UUID

from stage import NOON
from ticket_desk import Desk, a_colleague

from contracts.appraisal.staff import TeamChanged, TeamState, UnitChanged, UnitKind, UnitState
from kit.ids import new_id
from kit.principals import system
from kit.problems import Problem
from services.ticket.copies import service as copies


def a_unit(unit_id: UUID | None = None, **facts: Any) -> UnitChanged:
    state = {"unit_id": unit_id or new_id(), "code": "east", "name": "华东仓", "kind": UnitKind.WAREHOUSE, **facts}
    return UnitChanged(unit=UnitState(**state), changed_at=NOON)


def a_team(team_id: UUID | None = None, **facts: Any) -> TeamChanged:
    state = {"team_id": team_id or new_id(), "code": "day", "name": "白班", **facts}
    return TeamChanged(team=TeamState(**state), changed_at=NOON)


async def expect(desk: Desk, unit_id: UUID) -> str | None:
    """The slug of the refusal, if it is refused."""
    try:
        async with desk.client.transactions.begin(system("test")) as work:
            await copies.expect_unit(work, unit_id)
    except Problem as problem:
        return problem.slug
    return None


async def test_a_unit_is_known_once_it_is_told_and_takes_nothing_once_closed(desk: Desk) -> None:
    """X2: an unknown one is `not-yet-known` after 300 ms, a closed one refused."""
    told = a_unit()
    unit_id = told.unit.unit_id
    await copies.await_unit(desk.client.runtime.database, unit_id)
    assert await expect(desk, unit_id) == "not-yet-known"
    await desk.hear(told)
    await copies.await_unit(desk.client.runtime.database, unit_id)
    assert await expect(desk, unit_id) is None
    await desk.hear(a_unit(unit_id, active=False))
    assert await expect(desk, unit_id) == "invalid-request"
    await desk.hear(a_unit(unit_id))
    assert await expect(desk, unit_id) is None


async def test_leads_and_places_are_the_newest_told(desk: Desk) -> None:
    lead, other, unit_id, team_id = (new_id() for _ in range(4))
    await desk.hear(a_unit(unit_id, lead_staff_id=lead), a_team(team_id, unit_id=unit_id, shops=("outlet",)))
    await desk.hear(
        a_unit(unit_id, lead_staff_id=lead), a_unit(unit_id, lead_staff_id=other), a_team(team_id, lead_staff_id=lead)
    )
    colleague = a_colleague().model_copy(update={"unit_id": unit_id, "team_id": team_id})
    await desk.hear(colleague)
    async with desk.client.runtime.database.reading() as session:
        assert await copies.unit_lead(session, unit_id) == other
        assert await copies.team_lead(session, team_id) == lead
        assert await copies.unit_lead(session, new_id()) is None
        assert await copies.places_of_staff(session, colleague.staff_id) == (team_id, unit_id)
        assert await copies.places_of_staff(session, new_id()) == (None, None)
    ((unit, team, shops),) = await desk.rows(
        "SELECT (SELECT count(*) FROM unit_copy), (SELECT count(*) FROM team_copy), (SELECT shops FROM team_copy)"
    )
    assert (unit, team, shops) == (1, 1, [])


async def test_five_hundred_are_kept_in_as_many_statements_as_one(desk: Desk) -> None:
    """Subscriber loops are set-based."""
    counts = []
    for size in (1, 500):
        units, teams = [a_unit(code=f"u{n}") for n in range(size)], [a_team(code=f"t{n}") for n in range(size)]
        with desk.statements() as seen:
            await desk.hear(*units, *teams)
        counts.append(len(seen))
    assert counts[0] == counts[1]
