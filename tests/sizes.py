"""How much the fault tests do: all of it by night, a part of it before every change lands."""

import os

_IS_SMALL = os.environ.get("KEFU_FAULTS") == "small"


def size(full: int, small: int) -> int:
    """`small` where KEFU_FAULTS says so (`make faults SIZE=small`, as `.ci/run` does), else `full`."""
    return small if _IS_SMALL else full
