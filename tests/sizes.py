"""How much the fault tests do: all of it by night, a part of it before every change lands."""

import os


def size(full: int, small: int) -> int:
    """`small` where KEFU_FAULTS says so (`make faults SIZE=small`, as `.ci/run` does), else `full`."""
    return small if os.environ.get("KEFU_FAULTS") == "small" else full
