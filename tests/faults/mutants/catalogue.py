"""The mutants: a place in the code, what a tired person might write there, and the test that must turn red.

Where a second guard would hide the mistake, it is switched off with it. A text that no longer stands exactly once in
its file is an error: whoever changes the code moves the mutant along.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """In this file, this text becomes that one."""

    file: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug, the guards that would mask it, and the test that finds it."""

    name: str
    why: str
    edits: tuple[Edit, ...]
    found_by: str


MUTANTS = (
    Mutant(
        "ack-before-commit",
        "a crash between the two loses the event (I6)",
        (
            Edit(
                "kit/subscriber.py",
                "        try:\n            verdicts = await self.apply(arrivals)\n",
                "        for arrival in arrivals:\n            await _message(arrival).ack()\n"
                "        try:\n            verdicts = await self.apply(arrivals)\n",
            ),
        ),
        "tests/kit/test_kit_crashes.py::test_after_a_crash_anywhere_everything_acknowledged_is_there_and_has_its_effect_once"
        "[before-effect-commit=crash@1]",
    ),
    Mutant(
        "no-inbox",
        "an event delivered twice has its effect twice (I5)",
        (
            Edit(
                "kit/inbox.py",
                "        verdicts.append(Verdict.APPLY if meta.id in fresh else Verdict.DONE)\n",
                "        verdicts.append(Verdict.APPLY)\n",
            ),
        ),
        "tests/kit/test_kit_subscriber_modes.py::test_a_fact_that_comes_again_has_its_effect_once",
    ),
    Mutant(
        "mark-before-puback",
        "what the broker never took counts as published (I7)",
        (
            Edit(
                "kit/relay.py",
                "        outcomes = await asyncio.gather(",
                "        await connection.execute(_MARK, datetime.now(UTC), [row['id'] for row in wave], [0] * len(wave))\n"
                "        outcomes = await asyncio.gather(",
            ),
        ),
        "tests/kit/test_kit_relay.py::test_a_relay_that_fails_at_any_point_goes_on_without_loss_or_double",
    ),
    Mutant(
        "swallowed-handler-error",
        "an event whose handler failed is gone without a trace (I7)",
        (
            Edit(
                "kit/subscriber.py",
                "            await self._failed(arrival, error)\n            return\n",
                "            await _message(arrival).ack()\n            return\n",
            ),
        ),
        "tests/kit/test_kit_subscriber_failures.py::test_one_poison_among_a_thousand_is_the_only_dead_letter",
    ),
    Mutant(
        "cursor-by-id",
        "a transaction that commits late is skipped for ever (I7)",
        (
            Edit(
                "kit/relay.py",
                "WHERE published_at IS NULL AND NOT EXISTS (",
                "WHERE id > (SELECT coalesce(max(id), 0) FROM outbox WHERE published_at IS NOT NULL) AND NOT EXISTS (",
            ),
        ),
        "tests/kit/test_kit_relay.py::test_a_transaction_that_commits_late_is_not_skipped",
    ),
    Mutant(
        "two-relays-without-leadership",
        "two relays publish the events of an aggregate past each other (I4)",
        (
            Edit(
                "kit/relay.py",
                'while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK):',
                "while False:",
            ),
        ),
        "tests/kit/test_kit_relay.py::test_of_two_relays_one_leads_and_the_other_takes_over",
    ),
    Mutant(
        "commit-after-the-response",
        "a success is told that the commit then refuses (I3)",
        (
            Edit(
                "kit/http/edge.py",
                'request.scope["fastapi_function_astack"]',
                'request.scope["fastapi_inner_astack"]',
            ),
        ),
        "tests/kit/test_kit_commit.py::test_a_commit_that_fails_is_no_success",
    ),
    Mutant(
        "version-guard-off",
        "somebody's change is overwritten by one who never saw it",
        (
            Edit(
                "kit/work.py",
                "        if self.expected_version is not None and self.expected_version != version:\n",
                "        if False:\n",
            ),
        ),
        "tests/ticket/test_ticket_verbs.py::test_a_verb_may_ask_for_the_version_it_was_decided_on",
    ),
    Mutant(
        "sequence-from-the-row-version",
        "two events of one change share a number, a change without an event leaves a gap (E4)",
        (
            Edit(
                "kit/outbox.py",
                "        aggregate.event_seq += 1\n",
                "        aggregate.event_seq = getattr(aggregate, 'version', aggregate.event_seq + 1)\n",
            ),
        ),
        "tests/ticket/test_ticket_hands.py::test_a_ticket_is_given_to_somebody_or_to_a_group",
    ),
)
