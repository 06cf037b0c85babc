"""`kefu lifecycles`: every life that is drawn in the code, as the page `docs/lifecycles.md`."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import services
from kit.lifecycle import Lifecycle

_MADE = re.compile(r"^(\w+) = Lifecycle\(", re.MULTILINE)
_HEAD = """# Lifecycles

What a thing can become, and by which verb. Each drawing is made from the table that the code obeys: a verb that isn't
drawn for a state is answered with 409 `transition-refused`, which names those that are. Made by
`kefu lifecycles > docs/lifecycles.md`; a test compares.
"""


def command() -> None:
    """Print the drawings of all lifecycles as a page of the documentation."""
    print(page(), end="")


def page() -> str:
    """The whole page: service by service, room by room."""
    return "\n".join([_HEAD, *(_section(module, name, life) for module, name, life in lifecycles())])


def lifecycles() -> Iterator[tuple[ModuleType, str, Lifecycle[Any]]]:
    """Every table in the rooms, with the module that makes it and its name there."""
    (root,) = map(Path, services.__path__)
    for file in sorted(root.glob("*/*/*.py")):
        made = _MADE.findall(file.read_text("utf-8"))
        if made:
            module = importlib.import_module(".".join(file.relative_to(root.parent).with_suffix("").parts))
            yield from ((module, name, vars(module)[name]) for name in made)


def _section(module: ModuleType, name: str, life: Lifecycle[Any]) -> str:
    service, room = module.__name__.split(".")[1:3]
    said = (module.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    title = f"## {service} · {life.noun.replace('_', ' ')}"
    if room != life.noun or name not in ("LIFE", "LOOP"):
        title += f" ({room}, `{name}`)"
    return f"{title}\n{said}\n\n```mermaid\n{life.diagram()}\n```\n"
