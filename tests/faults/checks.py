"""The checker of a run: it lays the client's history beside the tables, the streams and the trail of all services, and
says in a line each what doesn't fit. Nothing is looked at by sample."""

import collections
import contextlib
import importlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import nats
from history import History, Operation, Outcome
from local_stack import Running
from nats.js.api import ConsumerConfig, DeliverPolicy
from tables import SERVICES, rows, value

from contracts.catalogue import Mode
from kit.bus import servers_of
from kit.subscriber import Subscription

# What each operation changes, so the rows that it writes into the trail: a step of a complaint or a refund moves its
# ticket as well, an approval the payment too.
CHANGES = {
    **dict.fromkeys(("open", "start", "solve", "close", "attach", "reply"), 1),
    **dict.fromkeys(("file", "judge", "fix", "explain", "propose", "inform", "verify", "call-back", "end"), 2),
    **dict.fromkeys(("ask", "review"), 2),
    **dict.fromkeys(("approve", "retry"), 3),
}
OPENING = ("open", "file", "ask")
TOLD = (
    "SELECT noun, aggregate_id::text AS id, sequence, event_id::text, subject FROM outbox ORDER BY noun, id, sequence"
)
Told = Mapping[str, list[Any]]


async def faults_of(running: Running, history: History, ended: Iterable[str]) -> list[str]:
    """Everything that is wrong after a run, whose tickets of those ids came to their end."""
    told = {service: await rows(running, service, TOLD) for service in SERVICES}
    found = [fault async for fault in _left_behind(running)]
    found += await _operations(running, history)
    found += await _tickets(running, history, set(ended))
    found += [fault for service in SERVICES for fault in misnumbered(service, told[service])]
    for service in SERVICES:
        found += await _stream(running, service, told[service])
        found += await _read(running, service, told)
    found += await _effects(running, told["ticket"])
    found += await _complaints(running, set(ended))
    return found


async def _left_behind(running: Running) -> AsyncIterator[str]:
    """Events that nobody has told, letters that nobody could read."""
    for service in SERVICES:
        for name, query in LEFT.items():
            if count := await value(running, service, query):
                yield f"{service}: {count} {name}"


LEFT = {
    "events unpublished": "SELECT count(*) FROM outbox WHERE published_at IS NULL",
    "events blocked": "SELECT count(*) FROM outbox WHERE blocked_at IS NOT NULL",
    "dead letters": "SELECT count(*) FROM dead_letter",
}


async def _operations(running: Running, history: History) -> list[str]:
    """What the history says, beside what each request has written into the trail."""
    written = "SELECT request_id, count(*) AS changes FROM audit WHERE request_id IS NOT NULL GROUP BY request_id"
    changes = {row["request_id"]: row["changes"] for row in await rows(running, "ticket", written)}
    return judged(history.operations, changes)


def judged(operations: Sequence[Operation], changes: Mapping[str, int]) -> list[str]:
    """What is ok was done once, what failed wasn't, what is unknown at most once; nothing stands in it twice."""
    faults = []
    for one in operations:
        seen, once = changes.get(one.id, 0), CHANGES[one.name]
        allowed = {Outcome.OK: {once}, Outcome.FAILED: {0}, Outcome.UNKNOWN: {0, once}}[one.outcome]
        if seen not in allowed:
            faults.append(f"{one.id} is {one.outcome} and changed {seen} things")
        if one.outcome is Outcome.FAILED and one.name != "retry":  # that one may come too late
            faults.append(f"{one.id} was refused: {one.status} {one.answer}")
    doubled = [key for key, times in collections.Counter(one.id for one in operations).items() if times > 1]
    return faults + [f"{key} stands twice in the history" for key in doubled]


async def _tickets(running: Running, history: History, ended: set[str]) -> list[str]:
    """Each opening made one ticket; those that came to their end are closed, or their money is paid."""
    status = {row["id"]: row["status"] for row in await rows(running, "ticket", TICKETS)}
    written = "SELECT DISTINCT request_id FROM audit WHERE request_id = ANY($1)"
    openings = [one.id for one in history.operations if one.name in OPENING]
    made = await rows(running, "ticket", written, openings)
    faults = [] if len(made) == len(status) else [f"{len(made)} openings made {len(status)} tickets"]
    known = {_ticket_of(one) for one in history.those(Outcome.OK, *OPENING)}
    faults += [f"ticket {one} was answered and isn't there" for one in known - status.keys()]
    return faults + [
        f"ticket {one} is {status.get(one)}" for one in ended if status.get(one) not in ("closed", "paid")
    ]


TICKETS = """
SELECT t.ticket_id::text AS id, CASE WHEN r.status = 'paid' THEN r.status ELSE t.status END AS status
FROM ticket t LEFT JOIN refund r ON r.refund_id = t.ticket_id
"""


def _ticket_of(opening: Operation) -> str:
    """The ids of a ticket and of what it is about are the same."""
    return str(opening.answer.get("ticket_id") or opening.answer.get("refund_id") or opening.answer["complaint_id"])


def misnumbered(service: str, told: Sequence[Mapping[str, Any]]) -> list[str]:
    """The events of each aggregate are numbered 1, 2, 3 …"""
    given: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
    for row in told:
        given[_key(row)].append(row["sequence"])
    return [f"{service}: {key} has {of}" for key, of in given.items() if of != list(range(1, len(of) + 1))]


async def _stream(running: Running, service: str, told: list[Any]) -> list[str]:
    """Read the whole stream as a subscriber would: all that was told, the events of each aggregate in order."""
    kept = await kept_in(running, service.upper())
    faults = [f"{service}: {len(lost)} events aren't in the stream"] if (lost := missing(told, kept)) else []
    # Clocks tell what is due at any moment: what stands in the stream by now must stand in the outbox after it.
    later = await rows(running, service, TOLD)
    faults += [f"{service}: {len(odd)} events of the stream nobody told"] if (odd := missing(kept, later)) else []
    return faults + disordered(service, kept)


def missing(these: Iterable[Mapping[str, Any]], among: Iterable[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    """The events of the one that don't stand in the other, under the same id, aggregate and number."""
    whole, known = ({(*_key(one), one["sequence"], one["event_id"]) for one in events} for events in (these, among))
    return whole - known


def disordered(service: str, kept: Sequence[Mapping[str, Any]]) -> list[str]:
    """Aggregates whose events don't stand in their order; one that stands there twice counts where it stands first."""
    order: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
    for event in kept:
        order[_key(event)].append(event["sequence"])
    first = {key: list(dict.fromkeys(given)) for key, given in order.items()}
    return [f"{service}: {key} came as {given}" for key, given in first.items() if given != sorted(given)]


async def kept_in(running: Running, stream: str) -> list[dict[str, Any]]:
    """The events of a stream, in its order; those that stand in it twice, twice."""
    client = await nats.connect(servers_of(running.note["nats"]))
    try:
        reading = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, inactive_threshold=30, headers_only=True)
        pulled = await client.jetstream().pull_subscribe(">", durable=None, stream=stream, config=reading)
        kept = []
        with contextlib.suppress(nats.errors.TimeoutError, TimeoutError):
            while True:
                for message in await pulled.fetch(500, timeout=2):
                    await message.ack()
                    kept.append(_event(message.subject, message.headers))
        return kept
    finally:
        await client.close()


def _event(subject: str, given: Mapping[str, str]) -> dict[str, Any]:
    noun, sequence = subject.rpartition(".")[0], int(given["ce-sequence"])
    return {"noun": noun, "id": given["ce-subject"], "sequence": sequence, "event_id": given["ce-id"]}


async def lacking(running: Running) -> int:
    """How many events readers have still to take."""
    told = {service: await rows(running, service, TOLD) for service in SERVICES}
    return sum([lacks for service in SERVICES async for _, lacks in _lacks(running, service, told)])


async def _read(running: Running, service: str, told: Told) -> list[str]:
    """Every reader of the service has taken every event that it has a use for: each once, or up to the last."""
    return [f"{name} lacks {lacks} events" async for name, lacks in _lacks(running, service, told) if lacks]


async def _lacks(running: Running, service: str, told: Told) -> AsyncIterator[tuple[str, int]]:
    subscriptions: tuple[Subscription, ...] = importlib.import_module(f"services.{service}.subscribers").SUBSCRIPTIONS
    for one in subscriptions:
        published = told.get(one.reader.stream.lower(), [])
        wanted = [row for row in published if row["noun"] in one.reader.nouns]
        if one.reader.mode is Mode.FACT:
            taken = {row["event_id"] for row in await rows(running, service, TAKEN, one.reader.name)}
            yield one.reader.name, len({row["event_id"] for row in wanted if row["subject"] in one.handlers} - taken)
        else:
            places = {
                _key(row): row["last_sequence"] for row in await rows(running, service, REACHED, one.reader.name)
            }
            last = {_key(row): row["sequence"] for row in wanted}
            yield one.reader.name, sum(places.get(key) != sequence for key, sequence in last.items())


TAKEN = "SELECT event_id::text FROM inbox WHERE consumer = $1"
REACHED = "SELECT noun, aggregate_id::text AS id, last_sequence FROM position WHERE consumer = $1"


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["noun"], row["id"]


async def _effects(running: Running, told: list[Any]) -> list[str]:
    """What the ticket service told has become rows of the others: each once, and no others."""
    faults = []
    for service, subjects, column, query in EFFECTS:
        wanted = {row[column] for row in told if row["subject"] in subjects}
        found = collections.Counter(row["effect"] for row in await rows(running, service, query))
        lost, more = wanted - found.keys(), found.total() - len(wanted & found.keys())
        faults += [f"{service} lacks {len(lost)} and has {more} too many of {subjects}"] if lost or more else []
    return faults


# Whose rows follow from which events, and by what they are known.
EFFECTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        "notify", ("ticket.closed",), "event_id",
        "SELECT event_id::text AS effect FROM notification WHERE subject = 'ticket.closed'",
    ),
    ("appraisal", ("refund.paid",), "id", "SELECT refund_id::text AS effect FROM refund_fact"),
    ("customer", ("refund.paid",), "id", "SELECT cause_id::text AS effect FROM purchase_refund"),
    ("customer", ("order.recorded", "order.paid"), "id", "SELECT order_id::text AS effect FROM purchase"),
)  # fmt: skip


async def _complaints(running: Running, ended: set[str]) -> list[str]:
    """Each complaint that came to its end has its file, its message, and its clocks ended by what was done."""
    faults = []
    for name, query in ONCE_EACH.items():
        off = [
            row["id"]
            for row in await rows(running, "ticket", query)
            if row["id"] in ended and row["found"] != row["wanted"]
        ]
        faults += [f"{name} are off for {off}"] if off else []
    return faults


ONCE_EACH = {
    "attachments": """
        SELECT c.complaint_id::text AS id, count(a.*) AS found, 1 AS wanted
        FROM complaint c LEFT JOIN attachment a ON a.ticket_id = c.complaint_id GROUP BY c.complaint_id
    """,
    "messages": """
        SELECT c.complaint_id::text AS id, count(m.*) AS found, 1 AS wanted
        FROM complaint c LEFT JOIN ticket_message m ON m.ticket_id = c.complaint_id GROUP BY c.complaint_id
    """,
    "clocks": """
        SELECT c.complaint_id::text AS id, count(k.*) FILTER (WHERE k.status = 'met') AS found, 2 AS wanted
        FROM complaint c LEFT JOIN clock k ON k.ticket_id = c.complaint_id GROUP BY c.complaint_id
    """,
    # Judged, fixed, explained; twice proposed, informed, verified, called back; closed.
    "steps in the trail": """
        SELECT c.complaint_id::text AS id, count(a.*) AS found, 12 AS wanted
        FROM complaint c LEFT JOIN audit a ON a.aggregate_id = c.complaint_id AND a.noun = 'complaint'
            AND a.action IN ('judge', 'fix', 'explain', 'propose', 'inform', 'verify', 'call-back', 'close')
        GROUP BY c.complaint_id
    """,
}
