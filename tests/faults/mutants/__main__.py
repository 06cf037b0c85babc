"""`python -m tests.faults.mutants [NAME …]`: each mutant must turn its test red, which is green without it.

The tree is copied, so nothing here is touched; exit code 1 when a mutant lives or a test is red by itself.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.faults.mutants.catalogue import MUTANTS, Edit, Mutant

ROOT = Path(__file__).resolve().parents[3]
COPIED = ("contracts", "kit", "services", "gateway", "ops", "tests")
TEST_SECONDS = 300
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules")
_RED, _GREEN = 1, 0


class MutantError(Exception):
    """A mutant doesn't fit the code any more."""


def main(names: Sequence[str]) -> int:
    """Run those mutants, or all; 0 when every one of them is found."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    with tempfile.TemporaryDirectory(prefix="kefu-mutants-") as folder:
        tree = Path(folder)
        for part in COPIED:
            shutil.copytree(ROOT / part, tree / part, ignore=_LEFT_OUT)
        shutil.copy(ROOT / "pyproject.toml", tree)
        lives = [mutant.name for mutant in chosen if not _is_found(tree, mutant)]
        tests = list(dict.fromkeys(mutant.found_by for mutant in chosen))
        is_green = _outcome(tree, tests) == _GREEN
    if not is_green:
        print("The tests are red without any mutant.")
    return 1 if lives or not is_green else 0


def mutate(tree: Path, edit: Edit) -> str:
    """Make the edit; the file's text before. Raises MutantError when its place isn't there, or more than once."""
    file = tree / edit.file
    text = file.read_text()
    if text.count(edit.before) != 1:
        raise MutantError(f"{edit.file} has the place of a mutant {text.count(edit.before)} times:\n{edit.before}")
    file.write_text(text.replace(edit.before, edit.after))
    return text


def _is_found(tree: Path, mutant: Mutant) -> bool:
    kept = [(tree / edit.file, mutate(tree, edit)) for edit in mutant.edits]
    try:
        found = _outcome(tree, [mutant.found_by]) == _RED
    finally:
        for file, text in reversed(kept):
            file.write_text(text)
    print(f"{'found' if found else 'LIVES'}  {mutant.name}: {mutant.why}; {mutant.found_by}", flush=True)
    return found


def _outcome(tree: Path, tests: Sequence[str]) -> int:
    """pytest's exit code over these tests of the copied tree."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPATH"] = str(tree)
    return subprocess.run(
        command, cwd=tree, env=env, capture_output=True, timeout=TEST_SECONDS, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
