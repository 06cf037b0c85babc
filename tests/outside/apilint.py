"""`python -m tests.outside.apilint`: the API's documents under redocly and spectral, without one warning.

Both are Node programs. Their versions and those of all they need are locked in `lint/`; they are installed there once.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.outside.documents import write

HERE = Path(__file__).with_name("lint")
_NODE = 20
_QUIET = {"REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "REDOCLY_TELEMETRY": "off", "NO_UPDATE_NOTIFIER": "1"}
_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def main() -> int:
    """0 when both have nothing to say, or when this machine can't run them; it says which."""
    lacking = _what_is_lacking()
    if lacking is not None:
        print(f"NOT LINTED: the API's documents need {lacking}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="kefu-apilint-") as folder:
        documents = write(Path(folder))
        names = [path.name for path in documents]
        redocly = [
            *_program("redocly"),
            "lint",
            "--config",
            str(HERE / "redocly.yaml"),
            "--format",
            "stylish",
            *names,
        ]
        ruleset = ["--ruleset", str(HERE / "spectral.yaml"), "--fail-severity", "hint", "--quiet"]
        spectral = [*_program("spectral"), "lint", *ruleset, *names]
        codes = [_run(command, Path(folder)) for command in (redocly, spectral)]
    if any(codes):
        return 1
    print(f"redocly and spectral have nothing to say about {', '.join(path.stem for path in documents)}.")
    return 0


def _what_is_lacking() -> str | None:
    """What the linters need and this machine doesn't have; None when they are installed now."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return f"Node {_NODE} or later with npm, which is not installed here"
    told = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    if int(told.removeprefix("v").partition(".")[0]) < _NODE:
        return f"Node {_NODE} or later, and here is {told.strip()}"
    return None if _install(npm) else "redocly and spectral, which npm could not install: is its registry in reach?"


def _install(npm: str) -> bool:
    """Install what is locked, unless that has been done since the lock was written."""
    done = HERE / "node_modules" / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        print("Installing the locked linters into tests/outside/lint (half a minute, once)", flush=True)
        if subprocess.run([npm, *_INSTALL], cwd=HERE, check=False).returncode:
            return False
        done.touch()
    return True


def _program(name: str) -> list[str]:
    return [str(HERE / "node_modules" / ".bin" / name)]


def _run(command: list[str], folder: Path) -> int:
    """Run it and show what it says only when it has something to say."""
    told = subprocess.run(command, cwd=folder, env=os.environ | _QUIET, capture_output=True, text=True, check=False)
    if told.returncode:
        print(told.stdout + told.stderr)
    return told.returncode


if __name__ == "__main__":
    sys.exit(main())
