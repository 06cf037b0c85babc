"""Node programs of the tests: locked with all they need, installed once, or a sentence on why they can't run here."""

import shutil
import subprocess
from pathlib import Path

_NODE = 20
_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def what_is_lacking(folder: Path) -> str | None:
    """What this machine lacks to run the programs of that folder; None when they are there."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return f"Node {_NODE} or later with npm, which is not installed here"
    told = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    if int(told.removeprefix("v").partition(".")[0]) < _NODE:
        return f"Node {_NODE} or later, and here is {told.strip()}"
    return (
        None if _install(npm, folder) else f"what npm could not install for {folder.name}: is its registry in reach?"
    )


def program(folder: Path, name: str) -> list[str]:
    """The command of a program that came with a package."""
    return [str(folder / "node_modules" / ".bin" / name)]


def _install(npm: str, folder: Path) -> bool:
    """Install what is locked, unless that has been done since the lock was written."""
    done = folder / "node_modules" / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
        print(f"Installing what is locked in tests/outside/{folder.name} (half a minute, once)", flush=True)
        if subprocess.run([npm, *_INSTALL], cwd=folder, check=False).returncode:
            return False
        done.touch()
    return True
