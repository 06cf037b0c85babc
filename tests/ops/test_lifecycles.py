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


def test_whatever_a_verb_starts_from_can_be_reached() -> None:
    for module, name, life in lifecycles():
        arrows = list(life.transitions())
        reached = {life.initial} | {end for _, _, end in arrows}
        assert {start for start, _, _ in arrows} <= reached, (module.__name__, name)
