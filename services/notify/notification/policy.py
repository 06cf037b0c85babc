"""What is worth telling (N3): news, not history. And how patiently it is told (N4)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kit.policy import PolicyKind, Title
from kit.problems import Fault


class QuietStart(BaseModel):
    """How old an event may be and still be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_age_hours: int = Field(ge=0, le=8760)

    def speaks(self, happened_at: datetime, now: datetime) -> bool:
        """Whether an event of that time is still news: not when it is older than that many hours."""
        return now - happened_at <= timedelta(hours=self.max_age_hours)


class DeliveryPauses(BaseModel):
    """How long to wait after each attempt that a provider did not take; after the last one it is given up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pauses_seconds: tuple[Annotated[int, Field(ge=1, le=7 * 86_400)], ...] = Field(max_length=20)

    def pause_after(self, tries: int) -> timedelta | None:
        """The pause after so many tries; None when that was the last."""
        if tries > len(self.pauses_seconds):
            return None
        return timedelta(seconds=self.pauses_seconds[tries - 1])


def growing(document: DeliveryPauses) -> Iterator[Fault]:
    """Pauses that don't grow wear out a provider that is in trouble."""
    for place, (earlier, later) in enumerate(pairwise(document.pauses_seconds), start=1):
        if later < earlier:
            yield Fault(f"/pauses_seconds/{place}", "不能短于前一个间隔", "must not be shorter than the one before")


QUIET_START = PolicyKind("quiet-start", QuietStart, QuietStart(max_age_hours=24), Title("静默启动", "Quiet start"))
DELIVERY_PAUSES = PolicyKind(
    "delivery-pauses",
    DeliveryPauses,
    DeliveryPauses(pauses_seconds=(60, 300, 1800, 7200, 28_800)),
    Title("重发间隔", "Pauses between attempts"),
    growing,
)
