"""Which stack the demo uses: the one that lives in the home, not one whose notes a kill has left there."""

from pathlib import Path

import pytest
from rich.console import Console

from ops.demo.command import running_stack
from ops.environment import home_at, is_occupied, occupied


def test_a_home_is_occupied_as_long_as_its_stack_lives(tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    assert not is_occupied(home)
    with occupied(home):
        assert is_occupied(home)
        home.run.write_text('{"gateway": "http://127.0.0.1:1"}')
        with running_stack(home, Console(quiet=True)) as gateway:
            assert gateway == "http://127.0.0.1:1"
    assert not is_occupied(home)
    home.run.write_text('{"gateway": "http://127.0.0.1:1"}')
    assert not is_occupied(home), "what is noted is of a stack that was killed"


def test_a_demo_that_is_broken_off_ends_the_stack_it_has_started_in_order(tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    with pytest.raises(KeyboardInterrupt), running_stack(home, Console(quiet=True)):
        assert is_occupied(home)
        raise KeyboardInterrupt
    assert not is_occupied(home)
    assert not home.run.exists(), "it was killed in the middle of its end"
