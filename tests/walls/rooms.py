"""The walls inside a service, as a contract for import-linter.

A room is a package `services.<service>.<room>`. Its `store` and `models` are its own; its `lifecycle` and `policy`
are pure; inside it the arrows run routes → service → lifecycle, policy, store → models. Rooms are found, not listed,
so a new room is walled the moment it exists.
"""

import re
from collections.abc import Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

ROOM = re.compile(r"(services\.\w+\.\w+)\.(\w+)")
PRIVATE = {"store", "models"}
PURE = {"lifecycle", "policy"}
RANKS = {"routes": 3, "service": 2, "schemas": 1, "lifecycle": 1, "policy": 1, "store": 1, "models": 0}
PURE_KIT = {
    "kit.clock", "kit.lifecycle", "kit.money", "kit.policy", "kit.principals", "kit.privacy", "kit.problems",
}  # fmt: skip
IMPURE_FILES = (".models", ".store", ".service", ".routes")
IMPURE_LIBRARIES = {
    "sqlalchemy", "sqlmodel", "fastapi", "starlette", "asyncpg", "nats", "aiohttp", "asyncio", "structlog",
}  # fmt: skip


class RoomsContract(Contract):  # type: ignore[misc]
    """Every room keeps its store and models to itself and its rules pure."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = sorted(set(violations(graph)))
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, why in check.metadata["broken"]:
            output.print_error(f"{importer} -> {imported}: {why}", bold=False)


def violations(graph: ImportGraph) -> Iterator[tuple[str, str, str]]:
    """Every import that goes through a wall: importer, imported, why not."""
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            why = _why_not(importer, imported)
            if why:
                yield importer, imported, why


def _why_not(importer: str, imported: str) -> str | None:
    here, there = ROOM.fullmatch(importer), ROOM.fullmatch(imported)
    if there and there[2] in PRIVATE and (not here or here[1] != there[1]):
        return "a room's store and models are its own"
    if here and here[2] in PURE and _is_impure(imported):
        return "lifecycle and policy are pure"
    if here and there and here[1] == there[1] and RANKS.get(there[2], 1) > RANKS.get(here[2], 3):
        return "inside a room the arrows run routes, service, rules and store, models"
    return None


def _is_impure(imported: str) -> bool:
    if imported.partition(".")[0] in IMPURE_LIBRARIES or imported.endswith(
        (".models", ".store", ".service", ".routes")
    ):
        return True
    return imported.startswith("kit") and imported not in PURE_KIT
