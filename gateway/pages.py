"""What people and tools read about the API: the merged document, a page that lists it, the kinds of problems."""

import base64
import hashlib
import re
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from gateway.parts import PartsDep
from kit.problems import CATALOGUE, Problem, ProblemKind, language_of

router = APIRouter(tags=["gateway"])
_PUBLIC: dict[str, Any] = {"security": []}
_DOCS = Path(__file__).with_name("docs.html").read_text("utf-8")
_NEVER = ("base-uri", "form-action", "frame-ancestors")
_TITLE = {"zh": "问题目录", "en": "Catalogue of problems"}


def _policy_for(page: str) -> str:
    """A content policy under which only this page's own script and style run, and nothing is fetched elsewhere."""
    policy = ["default-src 'none'", "connect-src 'self'", *(f"{what} 'none'" for what in _NEVER)]
    for tag in ("script", "style"):
        inline = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline]
        if digests:
            policy.append(f"{tag}-src " + " ".join(f"'sha256-{digest}'" for digest in digests))
    return "; ".join(policy)


_DOCS_HEADERS = {"Content-Security-Policy": _policy_for(_DOCS), "Referrer-Policy": "no-referrer"}


@router.get("/openapi.json", openapi_extra=_PUBLIC)
async def show_openapi(request: Request, parts: PartsDep) -> Response:
    """The OpenAPI 3.1 document of all services; `x-missing` names those whose part could not be had."""
    edition = await parts.document.edition(request.app.openapi())
    headers = {"ETag": edition.tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == edition.tag:
        return Response(status_code=304, headers=headers)
    return Response(edition.content, headers=headers, media_type="application/json")


@router.get("/docs", include_in_schema=False)
async def show_docs() -> HTMLResponse:
    """The list of operations as a page that needs nothing from anywhere else."""
    return HTMLResponse(_DOCS, headers=_DOCS_HEADERS)


@router.get("/problems", openapi_extra=_PUBLIC)
async def list_problems(request: Request) -> Response:
    """Every kind of problem there is, for people (HTML) or programs (JSON)."""
    return _shown(request, list(CATALOGUE.values()), [_facts(kind) for kind in CATALOGUE.values()])


@router.get("/problems/{slug}", openapi_extra=_PUBLIC)
async def show_problem(request: Request, slug: str) -> Response:
    """What one kind of problem means and what to do about it."""
    kind = CATALOGUE.get(slug)
    if kind is None:
        raise Problem("not-found")
    return _shown(request, [kind], _facts(kind))


def _facts(kind: ProblemKind) -> dict[str, Any]:
    return {"type": f"/problems/{kind.slug}", **kind.model_dump(exclude={"slug"})}


def _shown(request: Request, kinds: list[ProblemKind], facts: Any) -> Response:
    import orjson

    vary = {"Vary": "Accept, Accept-Language"}
    if "text/html" not in request.headers.get("accept", ""):
        return Response(orjson.dumps(facts), headers=vary, media_type="application/json")
    language = language_of(request.headers.get("accept-language"))
    page = _page(kinds, language)
    tag = {"Content-Language": "zh-CN" if language == "zh" else "en", "Content-Security-Policy": _policy_for(page)}
    return HTMLResponse(page, headers={**vary, **tag})


def _page(kinds: list[ProblemKind], language: str) -> str:
    entries = "".join(
        f'<h2 id="{kind.slug}">{kind.status} · {escape(kind.title(language))}</h2>'
        f"<p><code>/problems/{kind.slug}</code></p><p>{escape(kind.detail(language))}</p>"
        for kind in kinds
    )
    title = _TITLE[language]
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}</style>"
        f"<h1>{title}</h1>{entries}</html>"
    )
