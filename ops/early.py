"""A program's slow part done early: `python -m ops.early MODULE HEAVY` imports HEAVY, waits, then runs MODULE.

Importing takes each process a second; done while the servers still start, it costs nobody time. The wait ends when
standard input is closed.
"""

import importlib
import runpy
import sys
from contextlib import suppress


def main(module: str, heavy: str) -> None:
    """Import, wait for the word, and become the program."""
    with suppress(ImportError):  # the program meets the same error itself, in its own words
        importlib.import_module(heavy)
    sys.stdin.buffer.read()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
