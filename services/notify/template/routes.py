"""`/v1/templates` (N2)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kit.http.edge import WorkDep, allow
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.notify.template import store
from services.notify.template.schemas import TemplateFilter, TemplatePage, TemplatePublic

router = APIRouter(prefix="/v1/templates", tags=["templates"])


@router.get("", response_model=TemplatePage, dependencies=[allow("policy:read")])
async def list_templates(work: WorkDep, query: Annotated[TemplateFilter, Query()]) -> Response:
    """All versions of all templates, by name, version and language."""
    filters = query.model_dump(include={"name", "language"}, exclude_none=True)
    after = read_cursor(work, "templates", query)
    place = (str(after[0]), int(after[1]), str(after[2])) if after else None
    found = await store.page(work.session, filters, place, query.limit + 1)
    shown = found[: query.limit]
    last = (shown[-1].name, shown[-1].version, shown[-1].language) if len(found) > query.limit else None
    cursor = write_cursor(work, "templates", last) if last else None
    page = TemplatePage(items=[TemplatePublic.model_validate(one) for one in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/templates", query=query, next_cursor=cursor)
