"""Walls inside the kit that the code itself is asked about (I2, I6)."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for package in ("contracts", "kit", "services", "gateway", "ops") for path in (ROOT / package).rglob("*.py")
)


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in SOURCES:
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def who_imports(*packages: str) -> set[str]:
    return {name for name, tree in trees() if any(module.split(".")[0] in packages for module in imported(tree))}


def who_calls(method: str) -> set[str]:
    """The modules in which some object's method of that name is called."""
    calls = (
        (name, node.func)
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )  # fmt: skip
    return {name for name, func in calls if isinstance(func, ast.Attribute) and func.attr == method}


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
