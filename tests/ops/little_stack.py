"""A stack of real servers and stand-in programs, supervised as `kefu up` does, for tests to hurt.

`little_stack.py FOLDER [--restart] [NAME=MANNER …]`; prints one line of JSON when ready.
"""

import asyncio
import dataclasses
import os
import sys
from pathlib import Path

from kit.testing.children import ServerError
from ops import processes
from ops.announce import Quiet
from ops.environment import StackError, home_at, occupied
from ops.processes import Part, Program, RunningProgram
from ops.supervisor import Stack, run
from ops.up import Noted, build, plan_for

STANDIN = str(Path(__file__).with_name("standin.py"))

folder = Path(sys.argv[1])
manners = dict(word.split("=") for word in sys.argv[2:] if "=" in word)
processes.END_WITHIN = 1.0
processes.READY_WITHIN = 5.0


def in_place_of(part: Part) -> RunningProgram:
    assert isinstance(part, RunningProgram)
    program = part.program
    words = (sys.executable, STANDIN, program.name, str(folder), manners.get(program.name, ""))
    stand_in = Program(program.name, words, program.env, program.port, program.host)
    return RunningProgram(stand_in, part.output)


async def prepare() -> None:
    (folder / "prepared").touch()


def main() -> None:
    home = home_at(folder / "home")
    with occupied(home):
        plan = plan_for(home, os.environ, restart="--restart" in sys.argv)
        listener = Noted(plan, Quiet())
        real = build(plan, home.logs)
        stack: Stack = dataclasses.replace(
            real,
            prepare=prepare,
            services=[in_place_of(part) for part in real.services],
            gateway=[in_place_of(part) for part in real.gateway],
        )
        listener.stack = stack
        asyncio.run(run(stack, listener))


try:
    main()
except (StackError, ServerError) as trouble:
    sys.exit(f"kefu: {trouble}")
