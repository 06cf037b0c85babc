"""The desk's people as its tests work with them: colleagues are hired, put in groups and on shifts, and sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from stage import NOON
from ticket_desk import Desk, a_colleague

from kit.clock import FrozenClock
from kit.testing.poll import eventually
from services.ticket.dispatch import loop

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = "2026-11-21"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def local(time: str, day: str = TODAY) -> datetime:
    """That time of day in Shanghai."""
    return datetime.fromisoformat(f"{day}T{time}:00").replace(tzinfo=SHANGHAI)


def slug(answer: httpx.Response) -> str:
    """The kind of a problem."""
    return str(answer.json()["type"]).removeprefix("/problems/")


@dataclass
class Roster:
    """The service, its people, groups and shifts."""

    desk: Desk
    clock: FrozenClock

    def at(self, time: str, day: str = TODAY) -> None:
        """Move the clock there."""
        self.clock.advance(local(time, day) - self.clock.now())

    async def hire(self, count: int = 1, role: str = "agent", status: str = "active") -> list[UUID]:
        """Colleagues of whom the service has heard."""
        people = [a_colleague(role=role, status=status) for _ in range(count)]
        await self.desk.hear(*people)
        return sorted(person.staff_id for person in people)

    async def call(
        self, method: str, path: str, role: str = "supervisor", by: UUID | None = None, **options: Any
    ) -> httpx.Response:
        """One request as that role, perhaps as that member of staff."""
        return await self.desk.call(method, path, role, **({"staff_id": by} if by else {}), **options)

    async def group(
        self, code: str = "service", *members: UUID, skills: dict[UUID, list[str]] | None = None, **facts: Any
    ) -> dict[str, Any]:
        """A group with these members."""
        made = await self.call("POST", "/v1/groups", json={"code": code, "name": code, **facts})
        assert made.status_code == 201, made.text
        group = dict(made.json())
        for member in members:
            path = f"/v1/groups/{group['group_id']}/members/{member}"
            put = await self.call("PUT", path, json={"skills": (skills or {}).get(member, [])})
            assert put.status_code == 200, put.text
            group = dict(put.json())
        return group

    async def plan(self, staff_id: UUID, preset: str = "b-early", day: str = TODAY, **facts: Any) -> dict[str, Any]:
        """A shift of a preset; it must be taken."""
        answer = await self.try_plan(staff_id, preset=preset, day=day, **facts)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def try_plan(self, staff_id: UUID, **facts: Any) -> httpx.Response:
        """Ask for a shift."""
        return await self.call("POST", "/v1/shifts", json={"staff_id": str(staff_id), **facts})

    async def plan_own(self, staff_id: UUID, start: datetime, end: datetime, duty: str = "service") -> dict[str, Any]:
        """A shift of one segment; it must be taken."""
        segment = {"starts_at": start.isoformat(), "ends_at": end.isoformat(), "duty": duty}
        answer = await self.try_plan(staff_id, segments=[segment])
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def verb(
        self, shift: dict[str, Any], verb: str, /, by: UUID | None = None, role: str = "agent", **body: Any
    ) -> httpx.Response:
        """Ask for a change of a shift, as its owner unless said otherwise."""
        path = f"/v1/shifts/{shift['shift_id']}/{verb}"
        return await self.call("POST", path, role, by or UUID(shift["staff_id"]), json=body or None)

    async def on_shift(self, *staff_ids: UUID, preset: str = "b-early") -> list[dict[str, Any]]:
        """These are on shift and at their desks."""
        shifts = []
        for staff_id in staff_ids:
            shift = await self.plan(staff_id, preset)
            started = await self.verb(shift, "start")
            assert started.status_code == 200, started.text
            shifts.append(dict(started.json()))
        return shifts

    async def seats(self) -> dict[UUID, tuple[int, int]]:
        """What everybody has open: tickets and chats."""
        found = await self.desk.rows("SELECT staff_id, open_tickets, open_chats FROM agent_seat")
        return {row.staff_id: (row.open_tickets, row.open_chats) for row in found}

    async def fire(self) -> None:
        """Let the timers that are due fire, by us or by the process's own loop, and wait until they have."""
        due = "SELECT 1 FROM timer WHERE fired_at IS NULL AND due_at <= :now LIMIT 1"

        async def none_due() -> bool:
            await self.desk.client.runtime.timers.fire_due()
            return not await self.desk.rows(due, now=self.clock.now())

        await eventually(none_due)

    async def give_out(self) -> int:
        """Let what waits be given out."""
        given = 0
        while more := await loop.give_out(self.desk.client.transactions):
            given += more
        return given

    async def told(self, subject: str) -> Sequence[Any]:
        """The events of that subject, oldest first, as what they say."""
        found = await self.desk.rows(
            "SELECT convert_from(body, 'UTF8')::jsonb AS said FROM outbox WHERE subject = :subject ORDER BY id",
            subject=subject,
        )
        return [row.said for row in found]

    async def footprint(self) -> tuple[int, ...]:
        """How much has been written of what a refused request must not write."""
        tables = ("outbox", "audit", "shift", "shift_swap", "shift_leave", "handover", "service_group", "agent_seat")
        return tuple([(await self.desk.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in tables])


assert local("12:00") == NOON
