"""Which path belongs to whom: a table, and one canonical spelling for every path.

Gateway and services must read a path alike, or a request that was judged as one thing is answered as another. So the
gateway forwards a path byte for byte, and only if there is one way to read it: no empty or dot segments, no trailing
slash, no backslash, and nothing percent-encoded that could have been written plainly or that hides a separator.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

SERVICES = ("customer", "ticket", "appraisal", "notify")
GATEWAY = "gateway"

_OWNED = {
    "customer": (
        "customers", "organisations", "consultations", "callbacks", "questionnaires", "segments", "contact-changes",
        "file-audits", "customer-value", "customer-reports",
    ),
    "ticket": (
        "tickets", "complaints", "refunds", "return-parcels", "exchanges", "bad-reviews", "merchant-reports",
        "service-requests", "emergencies", "orders", "order-changes", "shop-accounts", "groups", "shifts",
        "handovers", "articles", "reply-checks", "ticket-reports", "penalties", "payments",
        "ticket-calendars", "ticket-clocks",
    ),
    "appraisal": (
        "staff", "teams", "units", "attendance", "violations", "merits", "exams", "inspections", "rectifications",
        "appraisals", "payslips", "ledger", "quality-samples",
    ),
    "notify": (
        "notifications", "inbox", "templates", "notification-rules", "campaigns", "announcements", "preferences",
        "webhooks",
    ),
}  # fmt: skip
_OF_EVERY_SERVICE = ("policies", "audit", "events")
_OWN = (
    "/oauth/token", "/oauth/revoke", "/.well-known/jwks.json", "/v1/me", "/v1/accounts", "/v1/clients",
    "/v1/api-keys", "/v1/signing-keys", "/v1/audit/gateway", "/health", "/livez", "/readyz", "/openapi.json",
    "/docs", "/problems",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Route:
    """A path family: everything at and below `prefix` is answered by `service`."""

    prefix: str
    service: str


def _table() -> dict[bytes, Route]:
    routes = [Route(prefix, GATEWAY) for prefix in _OWN]
    for service, nouns in _OWNED.items():
        routes += [Route(f"/v1/{noun}", service) for noun in nouns]
        routes += [Route(f"/v1/{shared}/{service}", service) for shared in _OF_EVERY_SERVICE]
    return {route.prefix.encode(): route for route in routes}


TABLE = _table()
"""Prefix → route. Prefixes are whole segments; of two that fit, the longer one wins."""

_DEEPEST = max(prefix.count(b"/") for prefix in TABLE)
_MAX_PATH_BYTES = 2048
_IN_PATHS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@%/"
_HALF_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_FILES = re.compile(rb"/v1/tickets/[^/]+/attachments")
_A_FILE = re.compile(rb"/v1/tickets/[^/]+/attachments/[^/]+")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HIDING = frozenset(b"/\\%\x7f") | frozenset(range(0x20))


def find(raw_path: bytes) -> Route | None:
    """The route of a path as it came over the wire, or None for a path that is nobody's or not canonical."""
    if not is_canonical(raw_path):
        return None
    prefix = raw_path
    for _ in range(raw_path.count(b"/") - _DEEPEST):
        prefix = prefix[: prefix.rfind(b"/")]
    while prefix:
        route = TABLE.get(prefix)
        if route is not None:
            return route
        prefix = prefix[: prefix.rfind(b"/")]
    return None


def takes_a_file(method: str, raw_path: bytes) -> bool:
    """Whether the request sends a file, which may be larger and take longer than other bodies."""
    return method == "POST" and _FILES.fullmatch(raw_path) is not None


def gives_a_file(method: str, raw_path: bytes) -> bool:
    """Whether the answer is a file, for which a client may take its time."""
    return method == "GET" and _A_FILE.fullmatch(raw_path) is not None


def is_canonical(raw_path: bytes) -> bool:
    """Whether there is exactly one way to read the path."""
    if len(raw_path) > _MAX_PATH_BYTES or not raw_path.startswith(b"/") or raw_path.endswith((b"/", b"/.")):
        return False
    if raw_path.translate(None, _IN_PATHS) or b"//" in raw_path or b"/.." in raw_path or b"/./" in raw_path:
        return False
    return b"%" not in raw_path or _is_honestly_encoded(raw_path)


def _is_honestly_encoded(raw_path: bytes) -> bool:
    if _HALF_ENCODED.search(raw_path):
        return False
    for code in re.findall(rb"%(..)", raw_path):
        byte = int(code, 16)
        if byte in _PLAIN or byte in _HIDING:
            return False
    try:
        unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        return False
    return True
