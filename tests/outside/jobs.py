"""What there is to explore, cut into jobs: who explores which operations, and how much."""

import copy
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from contracts.permissions import STOREFRONT, roles_with
from tests.outside.cast import Cast, part_of

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth", "use_after_free", "ensure_resource_availability", "problem_is_told",
    "valid_request_passes",
)  # fmt: skip
ALL_ROLES, BUYER = CALLERS = ("all roles", "buyer")
MOST = 60
"""Operations in one job: a larger part is cut, so that all processors have something to do to the end."""
FEWEST = 6
"""Random requests that every operation sees, good and bad ones together."""
Paths = dict[str, Any]


class Job(BaseModel):
    """What to explore, as whom, and how much of it."""

    part: str
    name: str
    caller: str
    gateway: str
    document: dict[str, Any]
    known: dict[str, list[str | int]]
    untouchable: list[str]
    forms: dict[str, dict[str, str]]
    checks: list[str] = list(CHECKS)
    seed: int
    examples: int
    walks: int
    every: int = 1
    """Of the boundary cases that repeat themselves from field to field one in so many is tried."""


class Result(BaseModel):
    """What became of it: cases by phase, seconds, what was found, in words, and which operations saw no case."""

    part: str
    name: str
    caller: str
    cases: dict[str, int]
    statuses: dict[str, int]
    seconds: float
    findings: list[str]
    untouched: list[str]

    @property
    def total(self) -> int:
        """Cases of all phases."""
        return sum(self.cases.values())


class Amount(BaseModel):
    """How much is asked for: a seed, random requests of each part, walks of each job."""

    seed: int
    examples: int
    walks: int


def jobs_of(part: str, document: dict[str, Any], cast: Cast, gateway: str, amount: Amount) -> Iterator[Job]:
    """The jobs of one service, or of the gateway itself. A buyer is asked only for what a buyer may ask, and less."""
    for caller in CALLERS:
        wanted = _paths(document, part, STOREFRONT if caller == BUYER else None)
        share = 1 if caller == ALL_ROLES else 3
        pieces = list(_cut(wanted))
        operations = _operations(wanted)
        for number, paths in enumerate(pieces, 1):
            _end_links(paths)
            yield Job(
                part=part,
                name=f"{part} {number}/{len(pieces)}" if len(pieces) > 1 else part,
                caller=caller,
                gateway=gateway,
                document={**document, "paths": paths},
                known=cast.known[part],
                untouchable=cast.untouchable,
                forms={"staff": cast.staff, "program": cast.program, "buyer": cast.buyer},
                seed=amount.seed,
                examples=max(FEWEST, amount.examples // share // operations),
                walks=max(1, amount.walks // share // len(pieces)),
                every=max(1, operations // MOST),
            )


def _paths(document: dict[str, Any], part: str, role: str | None) -> Paths:
    """The paths of one part; with a role, those with something on them that the role may do."""
    return {
        path: copy.deepcopy(item)
        for path, item in document["paths"].items()
        if part_of(path) == part and (role is None or any(_may(role, operation) for operation in item.values()))
    }


def _may(role: str, operation: dict[str, Any]) -> bool:
    permission = operation.get("x-permission")
    return permission is not None and role in roles_with(permission)


def _cut(paths: Paths) -> Iterator[Paths]:
    """Pieces of about as many operations each; what begins with the same noun stays together while it can."""
    pieces = -(-_operations(paths) // MOST)
    piece: Paths = {}
    for path in sorted(paths):
        piece[path] = paths[path]
        if _operations(piece) >= _operations(paths) / pieces:
            yield piece
            piece = {}
    if piece:
        yield piece


def _operations(paths: Paths) -> int:
    return sum(len(item) for item in paths.values())


def _end_links(paths: Paths) -> None:
    """Links lead to operations of the same job only."""
    operations = [operation for item in paths.values() for operation in item.values()]
    known = {operation["operationId"] for operation in operations}
    for operation in operations:
        for response in operation["responses"].values():
            links = response.get("links", {})
            response["links"] = {name: link for name, link in links.items() if link["operationId"] in known}
