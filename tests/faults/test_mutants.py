"""The tests would notice: every mutant of the catalogue turns its test red, and a text that moved is an error."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.mutants.__main__ import ROOT, MutantError, mutate
from tests.faults.mutants.catalogue import MUTANTS, Edit


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_has_its_place(mutant: object, tmp_path: Path) -> None:
    """Each edit's text stands exactly once in its file, and its test exists."""
    for edit in mutant.edits:  # type: ignore[attr-defined]
        copied = tmp_path / edit.file
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text((ROOT / edit.file).read_text())
        mutate(tmp_path, edit)
        assert edit.after in copied.read_text()
    file, _, name = mutant.found_by.partition("::")  # type: ignore[attr-defined]
    assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text()


def test_a_text_that_moved_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("a = 1\n")
    with pytest.raises(MutantError, match="0 times"):
        mutate(tmp_path, Edit("one.py", "b = 1", "b = 2"))


@pytest.mark.chaos
@pytest.mark.timeout(1500)
def test_every_mutant_is_found() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.faults.mutants"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("found  ") == len(MUTANTS)
