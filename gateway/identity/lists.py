"""Lists of the administration: keyset pages in order of id, which is the order of making."""

from typing import Any
from uuid import UUID

from gateway.identity import store
from gateway.identity.models import Account, ApiKey, Client
from kit.http.pages import Page, read_cursor, write_cursor
from kit.work import Work


async def one_page(
    work: Work, kind: type[Account] | type[ApiKey] | type[Client], page: Page
) -> tuple[list[Any], str | None]:
    """The rows of one page and the cursor of the next, if there is one."""
    name = str(kind.__tablename__)
    after = read_cursor(work, name, page)
    rows = list(await store.page(work.session, kind, after=UUID(after[0]) if after else None, limit=page.limit + 1))
    shown = rows[: page.limit]
    return shown, write_cursor(work, name, [str(shown[-1].id)]) if len(rows) > page.limit else None
