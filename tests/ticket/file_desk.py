"""Attaching files as tests do it, and an S3 service small enough to stand in for one."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiohttp import web
from ticket_desk import Desk


async def attach(
    desk: Desk, ticket: dict[str, Any], name: str, content: bytes, role: str = "agent", *,
    by: dict[str, Any] | None = None, headers: dict[str, str] | None = None, **fields: str,
) -> httpx.Response:  # fmt: skip
    """Send a file to a ticket."""
    path = f"/v1/tickets/{ticket['ticket_id']}/attachments"
    sent = {**desk.client.as_(role, **(by or {})), **(headers or {})}
    return await desk.client.http.post(path, files={"file": (name, content)}, data=fields, headers=sent)


async def attached(desk: Desk, ticket: dict[str, Any], name: str, content: bytes, **options: Any) -> dict[str, Any]:
    """The same; it must be taken."""
    answer = await attach(desk, ticket, name, content, **options)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def path_of(file: dict[str, Any]) -> str:
    return f"/v1/tickets/{file['ticket_id']}/attachments/{file['attachment_id']}"


@dataclass
class Bucket:
    """What the stand-in keeps. `answer` is what it does before anything else: a status to refuse with, or None; a
    negative one hangs."""

    url: str = ""
    kept: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refusal: int | None = None
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info.get("key", "")
        self.asked.append((request.method, key))
        if self.refusal is not None:
            if self.refusal < 0:
                await self.let_go.wait()
            return web.Response(status=abs(self.refusal))
        if not request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 Credential=key-id/"):
            return web.Response(status=403)
        answer: web.StreamResponse = await getattr(self, f"_{request.method.lower()}")(request, key)
        return answer

    async def _put(self, request: web.Request, key: str) -> web.Response:
        body = await request.read()
        tag = {"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'}
        if "partNumber" in request.query:
            self.parts[request.query["uploadId"]][int(request.query["partNumber"])] = body
        else:
            self.kept[key] = body
        return web.Response(headers=tag)

    async def _post(self, request: web.Request, key: str) -> web.Response:
        if "uploads" in request.query:
            self.parts[key] = {}
            return web.Response(
                text=f"<InitiateMultipartUploadResult><UploadId>{key}</UploadId></InitiateMultipartUploadResult>"
            )
        if "delete" in request.query:
            keys = re.findall("<Key>(.*?)</Key>", await request.text())
            for gone in keys:
                self.kept.pop(gone, None)
            told = "".join(f"<Deleted><Key>{gone}</Key></Deleted>" for gone in keys)
            return web.Response(text=f"<DeleteResult>{told}</DeleteResult>")
        parts = self.parts.pop(request.query["uploadId"])
        self.kept[key] = b"".join(parts[number] for number in sorted(parts))
        return web.Response(text='<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>')

    async def _get(self, _: web.Request, key: str) -> web.Response:
        if key not in self.kept:
            return web.Response(status=404)
        return web.Response(
            body=self.kept[key], headers={"ETag": '"x"', "Last-Modified": "Sat, 21 Nov 2026 04:00:00 GMT"}
        )


@asynccontextmanager
async def bucket() -> AsyncIterator[Bucket]:
    """An S3 service on a port of its own, with one bucket."""
    stand_in = Bucket()
    app = web.Application(client_max_size=200 * 1024 * 1024)
    for path in ("/files", "/files/{key:.+}"):
        app.router.add_route("*", path, stand_in.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stand_in
    finally:
        stand_in.let_go.set()
        await runner.cleanup()
