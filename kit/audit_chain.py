"""The chain over the audit trail: what of a row is hashed, and how one seal follows from the one before (X7).

A seal is `SHA-256(previous seal || row)`. Rows are spelled by the database in one statement, used by whoever seals
and whoever verifies, and the text of a JSON document is taken as it is stored: nothing is lost on the way.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

SPELLED = (
    "id", "xact::text AS xact", "(extract(epoch FROM at) * 1000000)::bigint AS at", "actor", "action", "noun",
    "aggregate_id::text AS aggregate_id", "before::text AS before", "after::text AS after", "reason", "request_id",
)  # fmt: skip
"""The columns of a row as a query has to ask for them."""
_NAMES = tuple(column.rpartition(" ")[2] for column in SPELLED)


def genesis(service: str) -> bytes:
    """What the first seal of a service's chain follows on; no two services' chains can be taken for each other."""
    return hashlib.sha256(f"kefu audit {service}".encode()).digest()


def follow(previous: bytes, row: Mapping[str, Any]) -> bytes:
    """The seal of a row whose columns were asked for as `SPELLED`."""
    return hashlib.sha256(previous + orjson.dumps([row[name] for name in _NAMES])).digest()
