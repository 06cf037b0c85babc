"""Redriving dead letters: the same handlers, the same inbox, in each aggregate's sequence."""

from collections.abc import Sequence
from dataclasses import dataclass

from kit import deadletters
from kit.deadletters import Letter
from kit.envelope import UndecodableError, read_event, read_meta
from kit.inbox import Verdict
from kit.reasons import reason_of
from kit.subscriber import Arrival, Subscriber


@dataclass(frozen=True)
class Outcome:
    """What became of one letter; `error` is None when it is applied (or had been already)."""

    letter: Letter
    error: str | None


async def redrive(subscriber: Subscriber, letters: Sequence[Letter]) -> list[Outcome]:
    """Apply one subscription's letters in order; after a failure the rest of that aggregate is left waiting."""
    outcomes: list[Outcome] = []
    stuck: set[object] = set()
    for letter in letters:
        if letter.aggregate_id is not None and letter.aggregate_id in stuck:
            outcomes.append(Outcome(letter, "waits for an earlier letter of this aggregate"))
            continue
        error = await _redrive_one(subscriber, letter)
        if error is not None:
            stuck.add(letter.aggregate_id)
        outcomes.append(Outcome(letter, error))
    return outcomes


async def _redrive_one(subscriber: Subscriber, letter: Letter) -> str | None:
    try:
        letter = deadletters.opened(letter, subscriber.transactions.vault)
        meta = read_meta(letter.subject, letter.headers)
        event = read_event(meta, letter.body) if subscriber.handles(letter.subject) else None
        arrival = Arrival(letter.subject.rpartition(".")[0], meta, event)
        verdicts = await subscriber.apply([arrival], redriving=True)
    except UndecodableError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - told to the person who redrives; the letter stays
        return reason_of(error)
    if verdicts[0] is Verdict.EARLY:
        return "an earlier event of this aggregate has not arrived yet"
    await deadletters.mark_redriven(subscriber.transactions.database, letter, subscriber.transactions.clock.now())
    return None
