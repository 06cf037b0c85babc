"""`python -m bench.payments PORT`: a payment side that pays at once whatever it is asked to, each number once."""

import sys
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

TOKEN = "bench-payment-side"
_paid: dict[str, dict[str, Any]] = {}


async def pay(request: web.Request) -> web.Response:
    """PUT /payments/{number}."""
    key, told = request.match_info["key"], await request.json()
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise web.HTTPUnauthorized
    if key not in _paid:
        _paid[key] = {
            "payment_key": key, "status": "paid", "amount": told["amount"], "currency": told["currency"],
            "reference": f"P-{key}", "at": datetime.now(UTC).isoformat(),
        }  # fmt: skip
    return web.json_response(_paid[key])


async def ask(request: web.Request) -> web.Response:
    """GET /payments/{number}."""
    said = _paid.get(request.match_info["key"])
    return web.Response(status=404) if said is None else web.json_response(said)


async def listed(_: web.Request) -> web.Response:
    """GET /payments: nothing is reconciled here."""
    return web.json_response({"items": [], "next_cursor": None})


def main(port: int) -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_put("/payments/{key}", pay)
    app.router.add_get("/payments/{key}", ask)
    app.router.add_get("/payments", listed)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
