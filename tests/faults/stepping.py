"""A wall clock that can be stepped while processes run: `stepped_clock.c`, compiled and laid before them."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("stepped_clock.c")
COMPILER = shutil.which("cc") or "gcc"
EVERYBODY, TICKET = "ops.early", "services.ticket"
"""What the gateway and the four services have in their command lines, and what one of them has."""


@dataclass(frozen=True)
class Stepper:
    """The clock of the processes that are started with `environment`."""

    library: Path
    file: Path

    @classmethod
    def built(cls, folder: Path) -> "Stepper":
        """Compile the clock into that folder. Raises CalledProcessError."""
        stepper = cls(folder / "stepped_clock.so", folder / "offset")
        words = (
            COMPILER,
            "-O2",
            "-Wall",
            "-Werror",
            "-shared",
            "-fPIC",
            "-o",
            str(stepper.library),
            str(SOURCE),
            "-ldl",
        )
        subprocess.run(words, check=True)
        stepper.step(0)
        return stepper

    def step(self, seconds: int) -> None:
        """From now on the clock is so far ahead of the machine's, or behind it."""
        mode = "r+b" if self.file.exists() else "wb"
        with self.file.open(mode) as file:
            file.write(seconds.to_bytes(8, "little", signed=True))

    def environment(self, chosen: str) -> dict[str, str]:
        """For processes of whom those with the chosen word in their command line have this clock."""
        return {"LD_PRELOAD": str(self.library), "CLOCK_STEP": str(self.file), "CLOCK_STEP_OF": chosen}
