"""The life of an alarm (T55): open until somebody says what it was. What still doesn't add up raises a new one."""

from enum import StrEnum

from kit.lifecycle import Lifecycle


class AlarmStatus(StrEnum):
    """Where an alarm stands."""

    OPEN = "open"
    SETTLED = "settled"


LIFE = Lifecycle(
    noun="alarm",
    states=AlarmStatus,
    initial=AlarmStatus.OPEN,
    table={"settle": {AlarmStatus.OPEN: AlarmStatus.SETTLED}},
)
