"""The results as a table, and what was found in full."""

from collections.abc import Sequence

from tests.outside.jobs import ALL_ROLES, Result

PHASES = ("examples", "coverage", "fuzzing", "stateful")


def line(result: Result) -> str:
    """One sentence as soon as a job is through."""
    found = len(result.findings)
    said = f"{found} findings" if found != 1 else "1 finding"
    return f"{result.name} as {result.caller}: {result.total} cases in {result.seconds:.0f} s, {said}"


def shown(results: Sequence[Result]) -> str:
    """What was found, and the cases of each part by phase."""
    found = [f"=== {one.name} as {one.caller}\n{words}" for one in results for words in one.findings]
    head = ("part", "caller", *PHASES, "cases", "seconds", "findings")
    rows = [
        (
            one.name, one.caller, *(str(one.cases[phase]) for phase in PHASES), str(one.total),
            f"{one.seconds:.0f}", str(len(one.findings)),
        )
        for one in results
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    table = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    answers = [
        f"{one.name} as {one.caller} answered {', '.join(f'{status}×{n}' for status, n in one.statuses.items())}"
        for one in results
    ]
    return "\n".join([*found, "", *table, "", *answers])


def verdict(results: Sequence[Result], *, at_least: int) -> int:
    """0 when nothing was found and every part has seen enough."""
    lacking = []
    for part in dict.fromkeys(one.part for one in results):
        told = [one for one in results if one.part == part and one.caller == ALL_ROLES]
        cases = sum(one.total for one in told)
        untouched = sorted(label for one in told for label in one.untouched)
        if cases < at_least:
            lacking.append(f"{part} has seen {cases} cases, fewer than {at_least}")
        if untouched:
            lacking.append(f"{part} was not tried at {', '.join(untouched)}")
    if found := sum(len(one.findings) for one in results):
        lacking.append(f"{found} findings" if found > 1 else "1 finding")
    print("\n".join(lacking) or "Nothing was found.")
    return 1 if lacking else 0
