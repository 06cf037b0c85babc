"""`python -m tests.outside.apilint`: the API's documents under redocly and spectral, and that of the events under
AsyncAPI's own parser, without one warning.

All are Node programs. Their versions and those of all they need are locked in `lint/`; they are installed there once.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from contracts.schemas import asyncapi
from tests.outside.documents import write
from tests.outside.node import program, what_is_lacking

HERE = Path(__file__).with_name("lint")
_QUIET = {"REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "REDOCLY_TELEMETRY": "off", "NO_UPDATE_NOTIFIER": "1"}


def main() -> int:
    """0 when they have nothing to say, or when this machine can't run them; it says which."""
    lacking = what_is_lacking(HERE)
    if lacking is not None:
        print(f"NOT LINTED: the API's documents need {lacking}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="kefu-apilint-") as folder:
        documents = write(Path(folder))
        names = [path.name for path in documents]
        redocly = [
            *program(HERE, "redocly"),
            "lint",
            "--config",
            str(HERE / "redocly.yaml"),
            "--format",
            "stylish",
            *names,
        ]
        ruleset = ["--ruleset", str(HERE / "spectral.yaml"), "--fail-severity", "hint", "--quiet"]
        spectral = [*program(HERE, "spectral"), "lint", *ruleset, *names]
        events = Path(folder) / "events.json"
        events.write_text(json.dumps(asyncapi()))
        parser = ["node", str(HERE / "asyncapi.mjs"), str(events)]
        codes = [_run(command, Path(folder)) for command in (redocly, spectral, parser)]
    if any(codes):
        return 1
    print(f"redocly and spectral have nothing to say about {', '.join(path.stem for path in documents)}.")
    print("AsyncAPI's parser has nothing to say about the events.")
    return 0


def _run(command: list[str], folder: Path) -> int:
    """Run it and show what it says only when it has something to say."""
    told = subprocess.run(command, cwd=folder, env=os.environ | _QUIET, capture_output=True, text=True, check=False)
    if told.returncode:
        print(told.stdout + told.stderr)
    return told.returncode


if __name__ == "__main__":
    sys.exit(main())
