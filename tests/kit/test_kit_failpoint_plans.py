"""Failpoints: a plan names a point, what to do there, and at which time."""

from collections.abc import Iterator
from typing import get_args

import pytest

from kit import failpoints
from kit.failpoints import POINTS, FailpointError, Point, arm, disarm, reach


@pytest.fixture(autouse=True)
def unarmed() -> Iterator[None]:
    disarm()
    yield
    disarm()


def test_unarmed_points_do_nothing() -> None:
    for point in get_args(Point):
        reach(point)


@pytest.mark.parametrize("point", POINTS)
def test_an_armed_point_raises_once(point: Point) -> None:
    arm(f"{point}=raise")
    with pytest.raises(FailpointError, match=point):
        reach(point)
    reach(point)


def test_a_point_fires_at_the_time_it_is_armed_for_and_no_other() -> None:
    arm("after-commit=raise@3")
    reach("after-commit")
    reach("before-commit")
    reach("after-commit")
    with pytest.raises(FailpointError):
        reach("after-commit")
    reach("after-commit")


def test_a_plan_arms_many_points() -> None:
    arm("after-commit=raise@2,before-ack=raise,")
    with pytest.raises(FailpointError, match="before-ack"):
        reach("before-ack")
    reach("after-commit")
    with pytest.raises(FailpointError, match="after-commit"):
        reach("after-commit")


@pytest.mark.parametrize(
    "plan",
    ["after-commit", "after-commit=", "after-commit=explode", "no-such-point=raise", "=raise", "after-commit=raise@x",
     "after-commit=raise@0", "after-commit=raise@-1", "after-commit=raise@", "after-commit=raise@1.5", "raise",
     "before-ack=raise,after-commit=sleep"],
)  # fmt: skip
def test_a_plan_that_can_never_fire_is_refused_whole(plan: str) -> None:
    with pytest.raises(ValueError, match="failpoint"):
        arm(plan)
    assert not failpoints._armed


def test_an_empty_plan_is_no_plan() -> None:
    arm("")
    assert not failpoints._armed
