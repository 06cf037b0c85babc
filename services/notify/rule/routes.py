"""`/v1/notification-rules` (N3)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kit.http.edge import WorkDep, allow
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.notify.rule import store
from services.notify.rule.schemas import RuleFilter, RulePage, RulePublic

router = APIRouter(prefix="/v1/notification-rules", tags=["notification rules"])


@router.get("", response_model=RulePage, dependencies=[allow("policy:read")])
async def list_notification_rules(work: WorkDep, query: Annotated[RuleFilter, Query()]) -> Response:
    """Which event is told to whom, by name of the rule."""
    after = read_cursor(work, "notification-rules", query)
    found = await store.page(work.session, query.subject, str(after[0]) if after else None, query.limit + 1)
    shown = found[: query.limit]
    cursor = write_cursor(work, "notification-rules", [shown[-1].name]) if len(found) > query.limit else None
    page = RulePage(items=[RulePublic.model_validate(one) for one in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/notification-rules", query=query, next_cursor=cursor)
