"""The drawings in the documentation are those that the code obeys."""

from pathlib import Path

from ops.lifecycles import lifecycles, page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_drawn_from_the_code() -> None:
    assert (DOCS / "lifecycles.md").read_text("utf-8") == page(), "run: kefu lifecycles > docs/lifecycles.md"


def test_every_lifecycle_is_found_once() -> None:
    found = [(module.__name__, name) for module, name, _ in lifecycles()]
    assert len(found) == len(set(found))
    assert ("services.ticket.ticket.lifecycle", "LIFE") in found


def test_every_state_can_be_reached_by_one_of_the_tables_that_share_it() -> None:
    reached: dict[type, set[object]] = {}
    for _, _, life in lifecycles():
        reached.setdefault(life.states, {life.initial}).update(end for _, _, end in life.transitions())
    for _, _, life in lifecycles():
        reached[life.states].add(life.initial)
    for states, ends in reached.items():
        assert ends == set(states), states
