"""Giving a dead letter up: somebody decides, with a reason, that its effect will never be (I7, X7).

The event is then as good as done for its consumer: it isn't applied when it comes again, and what waits behind it in
the same aggregate can be redriven. The letter goes; who gave up what and why stays in the trail, and the event itself
with its owner.
"""

from uuid import UUID

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import Uuid

from contracts.catalogue import READERS, Mode
from kit import audit
from kit.deadletters import Letter, letter_of
from kit.ids import derived_id
from kit.privacy import scrub
from kit.tables import dead_letter, inbox
from kit.work import Work

_EARLIER = text("""
SELECT min(sequence) FROM dead_letter
WHERE consumer = :consumer AND noun = :noun AND aggregate_id = :aggregate AND redriven_at IS NULL
    AND sequence < :sequence
""").bindparams(bindparam("aggregate", type_=Uuid))
_HOLD = text("""
INSERT INTO position (consumer, noun, aggregate_id, last_sequence) VALUES (:consumer, :noun, :aggregate, 0)
ON CONFLICT (consumer, noun, aggregate_id) DO UPDATE SET last_sequence = position.last_sequence
RETURNING last_sequence
""").bindparams(bindparam("aggregate", type_=Uuid))
_PASS = text("""
UPDATE position SET last_sequence = greatest(last_sequence, :sequence)
WHERE consumer = :consumer AND noun = :noun AND aggregate_id = :aggregate
""").bindparams(bindparam("aggregate", type_=Uuid))


class NothingToDiscardError(Exception):
    """No such letter waits."""


class EarlierFirstError(Exception):
    """An earlier letter of the aggregate must be redriven or discarded first; the text says which."""


async def discard(work: Work, letter_id: int, reason: str) -> Letter:
    """Give up a waiting letter, and with it events before it that never came. Raises NothingToDiscardError,
    EarlierFirstError."""
    wanted = select(dead_letter).where(dead_letter.c.id == letter_id, dead_letter.c.redriven_at.is_(None))
    row = (await work.session.execute(wanted.with_for_update())).mappings().one_or_none()
    if row is None:
        raise NothingToDiscardError
    letter = letter_of(row)
    missing = await _pass_by(work, letter)
    await work.session.execute(delete(dead_letter).where(dead_letter.c.id == letter_id))
    thing = letter.aggregate_id or derived_id("dead_letter", letter.consumer, letter.event_id)
    names = ("consumer", "event_id", "subject", "sequence", "reason", "attempts")
    said = {**{name: getattr(letter, name) for name in names}, "missing": missing}
    await audit.record(work, "discard", "dead_letter", thing, before=said, reason=scrub(reason))
    return letter


async def _pass_by(work: Work, letter: Letter) -> int:
    """Let the consumer take the event for done, as its mode remembers it; how many before it never came."""
    if letter.aggregate_id is None or letter.sequence is None:
        return 0
    mode = {reader.name: reader.mode for reader in READERS}.get(letter.consumer, Mode.FACT)
    if mode is Mode.FACT:
        done = {"consumer": letter.consumer, "event_id": UUID(letter.event_id)}
        await work.session.execute(insert(inbox).values(done).on_conflict_do_nothing())
        return 0
    noun = letter.subject.rpartition(".")[0]
    place = {"consumer": letter.consumer, "noun": noun, "aggregate": letter.aggregate_id}
    last: int = (await work.session.execute(_HOLD, place)).scalar_one()
    if mode is Mode.COPY:
        await work.session.execute(_PASS, {**place, "sequence": letter.sequence})
        return 0
    earlier = (await work.session.execute(_EARLIER, {**place, "sequence": letter.sequence})).scalar_one()
    if earlier is not None:
        raise EarlierFirstError(f"event {earlier} of this aggregate waits before it")
    await work.session.execute(_PASS, {**place, "sequence": letter.sequence})
    return max(letter.sequence - last - 1, 0)
