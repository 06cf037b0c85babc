"""A spreadsheet as an answer: written beside the event loop, named, and never opened in the browser."""

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import Response

from kit.spreadsheet import CONTENT_TYPE, Sheet, workbook

XLSX: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An XLSX file.",
        "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def spreadsheet(name: str, sheets: Sequence[Sheet]) -> Response:
    """The sheets as a file of that name (plain ASCII, without its ending)."""
    content = await asyncio.to_thread(workbook, sheets)
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Content-Disposition": f'attachment; filename="{name}.xlsx"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(content, 200, headers)
