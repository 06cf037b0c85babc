"""The story of the skeleton through the gateway, on processes of their own (T30–T32, A6, C10, N4)."""

import os
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from pathlib import Path
from typing import Any

import story
from local_stack import ROOT, Running
from stage import concrete

from contracts.permissions import roles_with
from kit.testing.poll import eventually
from ops.callers import Callers
from ops.credentials import STAFF_ROLES
from ops.demo import cdnow
from ops.demo.importing import Journal, Totals, totals

IMPORTED = 2000
QUOTED_ORDERS = (800, 1000, 1001, 2000, 3000, 3001, 3500)


async def test_an_import_killed_in_the_middle_goes_on_and_equals_the_file_to_the_cent(
    running: Running, people: Callers
) -> None:
    """E3: half by HTTP, half by events; nothing is missing and nothing doubled, also when it is sent anew."""
    file, journal = Totals.of(cdnow.master(IMPORTED)), Journal(running.home / "demo.json")
    importer = await begin(running.home)
    await eventually(lambda: acknowledged(journal) > 0, within=60)
    importer.kill()
    await importer.wait()
    left = IMPORTED - acknowledged(journal)
    assert left > 0
    assert await sent_by(await begin(running.home)) == left
    assert await totals(people.staff("manager")) == file
    journal.path.unlink()
    assert await sent_by(await begin(running.home)) == IMPORTED
    assert await totals(people.staff("manager")) == file


async def begin(home: Path) -> Process:
    """An import in a process of its own."""
    script = str(Path(__file__).with_name("importer.py"))
    return await create_subprocess_exec(
        sys.executable, script, str(home), str(IMPORTED), stdout=PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


async def sent_by(importer: Process) -> int:
    """How many orders it sent until everything was known."""
    said, _ = await importer.communicate()
    assert importer.returncode == 0
    return int(said.split()[-1])


def acknowledged(journal: Journal) -> int:
    """How many orders it has noted by now."""
    note = Journal(journal.path).note
    return note.http + note.nats


async def test_a_problem_order_ends_in_the_inbox_and_a_cleared_one_in_the_credit(people: Callers) -> None:
    told = await story.tell(people)
    assert told.inquiry["status"] == "closed"
    assert told.inquiry["order_no"] == told.problem_order["order_no"]
    assert told.credit["staff_id"] == told.agent["staff_id"]
    assert told.credit["basis"] == "cleared"
    assert told.customer["provisional"] is True
    assert len({message["notification_id"] for message in told.messages}) == len(told.messages)


async def test_the_commission_quotes_of_the_rule(people: Callers) -> None:
    """A6, all examples in all three variants."""
    wanted = {
        "progressive": ["800.00", "1000.00", "1000.75", "1750.00", "2500.00", "2500.50", "2750.00"],
        "stage-table": ["800.00", "1000.00", "3750.75", "4500.00", "5250.00", "6000.50", "6250.00"],
        "stage-base": ["800.00", "1000.00", "3000.75", "3750.00", "4500.00", "4500.50", "4750.00"],
    }
    supervisor, path = people.staff("supervisor"), "/v1/appraisals/commission-quotes"
    for variant, amounts in wanted.items():
        asked = [{"orders": orders, "variant": variant} for orders in QUOTED_ORDERS]
        answers = [await supervisor.expect(200, "POST", path, question) for question in asked]
        assert [answer["pool"]["amount"] for answer in answers] == amounts


async def test_the_wrong_role_gets_403_and_nobody_401_through_the_gateway_too(people: Callers) -> None:
    """G2: the merged document names every operation's permission; each is asked for through the gateway."""
    document = await eventually(lambda: whole_document(people), within=30)
    roles = {role: people.staff(role) for role in STAFF_ROLES} | {"storefront": people.storefront}
    walked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            permission = operation.get("x-permission")
            if permission is None:
                continue
            where = concrete(path)
            async with people.http.request(method, people.gateway + where) as nobody:
                assert nobody.status == 401, f"{method} {path} let nobody in"
            for role, caller in roles.items():
                if role not in roles_with(permission):
                    status, _ = await caller.call(method, where, {})
                    assert status == 403, f"{method} {path} answered {role} with {status}"
                    walked += 1
    assert walked > 100


async def whole_document(people: Callers) -> dict[str, Any] | None:
    """The merged document, once every service has made its own."""
    async with people.http.get(f"{people.gateway}/openapi.json") as answer:
        document: dict[str, Any] = await answer.json()
    return None if document.get("x-missing") else document
