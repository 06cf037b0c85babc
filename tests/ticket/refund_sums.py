"""Arithmetic of the model of after-sales, worked out in another way than the code does it (T26, T28, X4)."""

from collections import Counter
from itertools import permutations

from refund_desk import ROLE_OF


def steps_left(steps: list[set[str]], people: list[object]) -> int:
    """How many steps are left when these people take as many as they can."""
    roles = [ROLE_OF[who] for who in people]  # type: ignore[index]
    most = 0
    for order in permutations(range(len(roles)), min(len(steps), len(roles))):
        for places in permutations(range(len(steps)), len(order)):
            most = max(most, sum(roles[one] in steps[place] for one, place in zip(order, places, strict=True)))
    return len(steps) - most


def half_up(numerator: int, denominator: int) -> int:
    """Half a cent rounds away from zero (X4)."""
    return (2 * numerator + denominator) // (2 * denominator)


def spread(pool: int, weights: list[int]) -> list[int]:
    """By largest remainder, equal ones to the earlier place."""
    whole = sum(weights) or 1
    shares = [pool * weight // whole for weight in weights]
    rest = Counter({place: (pool * weight) % whole for place, weight in enumerate(weights)})
    for place in sorted(rest, key=lambda one: (-rest[one], one))[: pool - sum(shares)]:
        shares[place] += 1
    return shares
