"""What can go wrong, said so that a caller can act on it (RFC 9457).

A problem has a slug from the published catalogue, facts as extension members, and faults as JSON Pointers. It never
carries exception text nor the value that was refused: values may be personal (X6).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from contracts.problems import CATALOGUE, ProblemKind
from kit.principals import Principal

__all__ = ["CATALOGUE", "Fault", "InvalidValue", "Problem", "ProblemKind", "Refusal", "language_of", "render"]


_ITS_OWN = frozenset({"type", "title", "status", "errors", "request_id"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in the request: where (JSON Pointer) and what, in both languages."""

    pointer: str
    zh: str
    en: str


class InvalidValue(ValueError):  # noqa: N818 - it is what the value is
    """Raised by our own validators: what is wrong, in both languages, without the value."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who asked for what and was refused, where the trail has to know (T40, T56)."""

    actor: Principal
    noun: str
    aggregate_id: UUID
    facts: Mapping[str, Any]
    request_id: str | None


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An answer that is not a success. Raises KeyError at once for a slug the catalogue doesn't have."""

    def __init__(
        self,
        slug: str,
        *,
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> None:
        if taken := _ITS_OWN & facts.keys():
            raise TypeError(f"{', '.join(taken)}: a problem has that itself; call the fact something else")
        self.kind = CATALOGUE[slug]
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.facts = facts
        self.refusal: Refusal | None = None
        super().__init__(slug)

    @property
    def slug(self) -> str:
        return self.kind.slug


def invalid(pointer: str, zh: str, en: str) -> Problem:
    """A 422 with one fault."""
    return Problem("invalid-request", faults=[Fault(pointer, zh, en)])


def unavailable(dependency: str, *, retry_after: int = 2) -> Problem:
    """A 503: something this answer needs is away for now; nothing was changed."""
    return Problem("dependency-unavailable", dependency=dependency, headers={"Retry-After": str(retry_after)})


def language_of(accept_language: str | None) -> str:
    """`zh` or `en`, whichever the caller weighs more; Chinese when neither is asked for (X8)."""
    best, weight = "zh", 0.0
    for part in (accept_language or "")[:200].split(","):
        tag, *parameters = (piece.strip().lower() for piece in part.split(";"))
        language = tag.split("-")[0]
        quality = next((one[2:] for one in parameters if one.startswith("q=")), "")
        try:
            asked = min(float(quality), 1.0) if quality else 1.0
        except ValueError:
            continue
        if language in ("zh", "en") and asked > weight:
            best, weight = language, asked
    return best


def render(problem: Problem, *, language: str, request_id: str | None) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the `application/problem+json` answer."""
    kind = problem.kind
    body: dict[str, Any] = {
        "type": f"/problems/{kind.slug}",
        "title": kind.title(language),
        "status": kind.status,
        "detail": kind.detail(language),
        **problem.facts,
    }
    if problem.faults:
        body["errors"] = [
            {"pointer": fault.pointer, "detail": fault.zh if language == "zh" else fault.en}
            for fault in problem.faults
        ]
    if request_id:
        body["request_id"] = request_id
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Language": "zh-CN" if language == "zh" else "en",
        "Cache-Control": "no-store",
        **problem.headers,
    }
    return kind.status, headers, orjson.dumps(body, default=str)
