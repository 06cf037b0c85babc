"""Walls inside the kit that the code itself is asked about (I2, I6)."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for package in ("contracts", "kit", "services", "gateway", "ops") for path in (ROOT / package).rglob("*.py")
)


class Module(NamedTuple):
    """What a module imports, and which methods of objects it calls."""

    name: str
    imports: frozenset[str]
    calls: frozenset[str]


@cache
def modules() -> Sequence[Module]:
    """All there are, each read once."""
    return [read(path) for path in SOURCES]


def read(path: Path) -> Module:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    return Module(
        path.relative_to(ROOT).as_posix(),
        frozenset(name.split(".")[0] for node in nodes for name in imported(node)),
        frozenset(func.attr for func in calls if isinstance(func, ast.Attribute)),
    )


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module


def who_imports(*packages: str) -> set[str]:
    return {module.name for module in modules() if not module.imports.isdisjoint(packages)}


def who_calls(method: str) -> set[str]:
    """The modules in which some object's method of that name is called."""
    return {module.name for module in modules() if method in module.calls}


def test_the_sources_are_looked_at() -> None:
    assert len(SOURCES) > 100
    assert who_imports("sqlalchemy")


def test_the_broker_s_client_is_imported_by_the_bus_alone() -> None:
    assert who_imports("nats", "nkeys") == {"kit/bus.py"}


def test_only_the_database_module_commits() -> None:
    """I2: besides it the migrations, which run before any service does."""
    assert who_calls("commit") == {"kit/db.py", "kit/migrate.py"}
    assert not who_calls("begin_nested")


def test_no_room_opens_a_transaction() -> None:
    """I2: rooms get their work from the edge, an event or a timer."""
    assert not [name for name in who_calls("transaction") if name.startswith("services/")]


def test_messages_are_answered_by_the_subscriber_alone() -> None:
    """I6"""
    assert who_calls("ack") == {"kit/subscriber.py"}
    assert who_calls("bury") == {"kit/subscriber.py"}
