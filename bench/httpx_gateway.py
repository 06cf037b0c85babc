"""`python -m bench.httpx_gateway PORT UPSTREAM`: the gateway one would write first, with FastAPI and httpx.

It streams both ways, drops hop-by-hop headers, adds X-Forwarded-For and X-Request-Id. It checks no token, sets no
deadline, keeps no limit and writes no log: everything that ours does and this one doesn't is in its favour.
"""

import sys
from uuid import uuid4

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

_HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host"}


def application(upstream: str) -> FastAPI:
    """One route that forwards everything to `upstream`."""
    app = FastAPI(openapi_url=None)
    client = httpx.AsyncClient(base_url=upstream, timeout=30.0)

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def forward(request: Request) -> StreamingResponse:
        named = [(name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP]
        named += [("x-forwarded-for", request.client.host if request.client else ""), ("x-request-id", str(uuid4()))]
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        asked = client.build_request(
            request.method,
            httpx.URL(path=request.url.path, query=request.url.query.encode()),
            headers=named,
            content=request.stream() if has_body else None,
        )
        answer = await client.send(asked, stream=True)
        headers = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
        done = BackgroundTask(answer.aclose)
        return StreamingResponse(answer.aiter_raw(), answer.status_code, headers, background=done)

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
