"""A limiter with one number per caller: the generic cell rate algorithm (GCRA).

A caller's number is the instant at which its whole burst will be available again. Each request moves it one interval
further; one that would move it beyond the burst is refused and moves nothing. There is no window at whose edge twice
as much gets through. Time is monotonic, so setting the machine's clock locks nobody out and lets nobody in.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from gateway.quotas import Quota

_WINDOW_SECONDS = 60
_DUST = 1e-6  # what sums of fractions may be off by


class Pace:
    """A quota as the limiter counts: seconds a request, seconds of burst, and how answers tell of it."""

    __slots__ = ("burst", "interval", "left", "name", "policy", "span")

    def __init__(self, name: str, quota: Quota) -> None:
        self.name = name
        self.burst = quota.burst
        self.interval = _WINDOW_SECONDS / quota.per_minute
        self.span = quota.burst * self.interval
        self.policy = (b"ratelimit-policy", b'"%s";q=%d;w=%d' % (name.encode(), quota.per_minute, _WINDOW_SECONDS))
        self.left = b'"%s"' % name.encode() + b";r=%d;t=%d"


class Verdict:
    """Whether a request is within its caller's quota, and what is left of it."""

    __slots__ = ("_behind", "admitted", "pace")

    def __init__(self, pace: Pace, behind: float, *, admitted: bool) -> None:
        self.pace = pace
        self.admitted = admitted
        self._behind = behind  # seconds until the whole burst is available

    @property
    def remaining(self) -> int:
        """How many requests would be admitted at once now."""
        return int((self.pace.span - self._behind) / self.pace.interval + _DUST)

    @property
    def retry_after(self) -> int:
        """Whole seconds until one more request is admitted; 1 at least."""
        return max(1, ceil(self._behind + self.pace.interval - self.pace.span - _DUST))

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What every answer says of it (RateLimit header fields for HTTP)."""
        pace = self.pace
        return [pace.policy, (b"ratelimit", pace.left % (self.remaining, ceil(self._behind - _DUST)))]


class Limiter:
    """Counts requests by caller and forgets those not seen for longest beyond `callers` of them."""

    def __init__(self, callers: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._callers = callers
        self._monotonic = monotonic
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    def take(self, caller: str, pace: Pace) -> Verdict:
        """Count one request of the caller, unless it is one too many."""
        now = self._monotonic()
        known = self._whole_at
        behind = known.get(caller, 0.0) - now
        if behind < 0.0:
            behind = 0.0
        after = behind + pace.interval
        if after > pace.span * (1 + 1e-9):
            return Verdict(pace, behind, admitted=False)
        known[caller] = now + after
        known.move_to_end(caller)
        if len(known) > self._callers:
            known.popitem(last=False)
        return Verdict(pace, after, admitted=True)

    def look(self, caller: str, pace: Pace) -> Verdict:
        """The verdict on one more request, without counting it."""
        behind = max(self._whole_at.get(caller, 0.0) - self._monotonic(), 0.0)
        return Verdict(pace, behind, admitted=behind + pace.interval <= pace.span * (1 + 1e-9))
