"""When buyers are spoken to about their reviews (T45, X3)."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kit.clock import BUSINESS_ZONE, as_utc
from kit.policy import PolicyKind, Title
from kit.problems import Fault

Minute = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Window(BaseModel):
    """From one minute of the day to another, the end excluded; business zone (X5)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    begins: Minute
    ends: Minute


class ReviewHours(BaseModel):
    """The windows of the day, in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    windows: tuple[Window, ...] = Field(min_length=1, max_length=24)

    def is_open(self, at: datetime) -> bool:
        """Whether buyers are spoken to at that instant."""
        clock = at.astimezone(BUSINESS_ZONE).time()
        return any(time.fromisoformat(one.begins) <= clock < time.fromisoformat(one.ends) for one in self.windows)

    def next_opening(self, at: datetime) -> datetime:
        """The instant itself inside a window, else the beginning of the next one."""
        if self.is_open(at):
            return at
        today = at.astimezone(BUSINESS_ZONE).date()
        openings = (
            datetime.combine(day, time.fromisoformat(one.begins), tzinfo=BUSINESS_ZONE)
            for day in (today, today + timedelta(days=1))
            for one in self.windows
        )
        return as_utc(next(opening for opening in openings if opening > at))


def in_order(document: ReviewHours) -> Iterator[Fault]:
    """A window ends after it begins, and before the next one does."""
    for place, one in enumerate(document.windows):
        if one.ends <= one.begins:
            yield Fault(f"/windows/{place}/ends", "必须晚于开始时间", "must be later than the beginning")
    for place, (earlier, later) in enumerate(pairwise(document.windows), start=1):
        if later.begins < earlier.ends:
            yield Fault(f"/windows/{place}/begins", "与前一个时段重叠", "overlaps the window before")


REVIEW_HOURS = PolicyKind(
    "review-hours",
    ReviewHours,
    ReviewHours(
        windows=(
            Window(begins="11:00", ends="12:00"),
            Window(begins="15:00", ends="16:30"),
            Window(begins="20:00", ends="21:00"),
        )
    ),
    Title("中差评处理时段", "Hours for bad reviews"),
    in_order,
)
