"""Rounds, medians and ratios. Variants take turns inside a round, so that a neighbour's load meets all of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.load import LoadError, Outcome
from bench.processes import cpu_seconds

NOISY = 2.0
"""A variant whose rounds differ by more than this factor says little, and its row says so."""


@dataclass(frozen=True)
class Sample:
    """One variant in one round: the rate (per second), CPU by process (µs per request), latencies (ms)."""

    rate: float
    cpu: Mapping[str, float] = field(default_factory=dict)
    p50: float | None = None
    p99: float | None = None


Measure = Callable[[], Awaitable[Sample]]
Rounds = Mapping[str, Sequence[Sample]]


async def measured(run: Callable[[], Awaitable[Outcome]], watched: Mapping[str, int]) -> Sample:
    """Run once and count what these process trees spent meanwhile."""
    before = {name: cpu_seconds(pid) for name, pid in watched.items()}
    outcome = await run()
    spent = {name: cpu_seconds(pid) - before[name] for name, pid in watched.items()}
    return Sample(
        rate=outcome.per_second,
        cpu={name: seconds * 1e6 / max(outcome.requests, 1) for name, seconds in spent.items()},
        p50=outcome.percentile(0.50),
        p99=outcome.percentile(0.99),
    )


async def interleaved(variants: Mapping[str, Measure], rounds: int) -> Rounds:
    """Measure every variant once a round; each round begins with another one."""
    names = list(variants)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(await variants[name]())
    return samples


def rate(samples: Sequence[Sample]) -> str:
    """Median rate with its range, marked where the range is too wide to lean on."""
    rates = [sample.rate for sample in samples]
    noisy = " noisy" if max(rates) > NOISY * min(rates) else ""
    return f"{median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f}{noisy})"


def cpu(samples: Sequence[Sample], name: str) -> float:
    """Median CPU microseconds per request of one of the processes."""
    return median(sample.cpu.get(name, 0.0) for sample in samples)


def expect_calm(rounds: Rounds, name: str) -> None:
    """For differences of a few microseconds: raises `LoadError` when a variant's rounds of that process differ by
    more than a factor of two. Its figures would be the neighbours'."""
    for variant, samples in rounds.items():
        spent = [sample.cpu[name] for sample in samples]
        if max(spent) > NOISY * min(spent):
            told = f"{min(spent):.0f} to {max(spent):.0f} µs"
            raise LoadError(f"{variant} took {told} in different rounds: too noisy to tell small differences")


def more_than(rounds: Rounds, name: str, variant: str, base: str) -> tuple[float, float]:
    """Medians over the rounds of what a variant costs more than its base, in µs and as a part of the base."""
    pairs = [(ours.cpu[name], bare.cpu[name]) for ours, bare in zip(rounds[variant], rounds[base], strict=True)]
    return median(ours - bare for ours, bare in pairs), median(ours / bare - 1 for ours, bare in pairs)


def middle(values: Sequence[float | None], digits: int = 2) -> str:
    """Median of what was measured, or a dash."""
    known = [value for value in values if value is not None]
    return f"{median(known):.{digits}f}" if known else "–"


def rate_ratio(rounds: Rounds, name: str, limit: str) -> str:
    """Median over the rounds of this variant's rate divided by the limit's in the same round."""
    pairs = zip(rounds[name], rounds[limit], strict=True)
    return f"{median(ours.rate / theirs.rate for ours, theirs in pairs):.2f}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *notes: str) -> None:
    """Print a table that reads well in a terminal and in Markdown."""
    widths = [max(len(row[place]) for row in [columns, *rows]) for place in range(len(columns))]
    print(f"\n### {title}\n")
    for row in (columns, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    for note in notes:
        print(f"\n{note}")
