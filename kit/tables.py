"""The tables that every service has in its own database: outbox, inbox, audit and their companions.

They are plain Core tables in a metadata of the kit's own; a process serves one service, so one definition is enough.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlalchemy.types import UserDefinedType

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)
_Instant = DateTime(timezone=True)


class _Transaction(UserDefinedType[str]):
    """PostgreSQL's 64-bit transaction id, which SQLAlchemy has no word for."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "XID8"


def _now() -> Any:
    return text("clock_timestamp()")


outbox = Table(
    "outbox", metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("noun", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("traceparent", Text),
    Column("occurred_at", _Instant, nullable=False),
    Column("published_at", _Instant),
    Column("stream_sequence", BigInteger),
    Column("blocked_at", _Instant),
    Column("last_error", Text),
    # I4: events of one aggregate have no gap and no double.
    UniqueConstraint("noun", "aggregate_id", "sequence"),
    Index("ix_outbox_unpublished", "id", postgresql_where=text("published_at IS NULL")),
    Index("ix_outbox_blocked", "noun", "aggregate_id", postgresql_where=text("blocked_at IS NOT NULL")),
    Index("ix_outbox_stream_sequence", "stream_sequence"),
)  # fmt: skip

inbox = Table(
    "inbox", metadata,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("handled_at", _Instant, nullable=False, server_default=_now()),
)  # fmt: skip

position = Table(
    "position", metadata,
    Column("consumer", Text, primary_key=True),
    Column("noun", Text, primary_key=True),
    Column("aggregate_id", Uuid, primary_key=True),
    Column("last_sequence", BigInteger, nullable=False),
)  # fmt: skip

attempt = Table(
    "attempt", metadata,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
)  # fmt: skip

dead_letter = Table(
    "dead_letter", metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("noun", Text),
    Column("aggregate_id", Uuid),
    Column("sequence", BigInteger),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("buried_at", _Instant, nullable=False, server_default=_now()),
    Column("redriven_at", _Instant),
    UniqueConstraint("consumer", "event_id"),
    Index("ix_dead_letter_waiting", "consumer", "noun", "aggregate_id", postgresql_where=text("redriven_at IS NULL")),
)  # fmt: skip

audit = Table(
    "audit", metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("noun", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("before", JSONB, nullable=False),
    Column("after", JSONB, nullable=False),
    Column("reason", Text),
    Column("request_id", Text),
    # The transaction that wrote the row, so that the sealer knows when nothing can come before it any more.
    Column("xact", _Transaction, nullable=False, server_default=text("pg_current_xact_id()")),
    Index("ix_audit_aggregate", "noun", "aggregate_id", "id"),
    Index("ix_audit_actor", "actor", "id"),
    Index("ix_audit_at", "at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
    Index("ix_audit_xact", "xact"),
)  # fmt: skip

audit_seal = Table(
    "audit_seal", metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", BigInteger, nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False),
)  # fmt: skip

audit_person_key = Table(
    "audit_person_key", metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)  # fmt: skip

timer = Table(
    "timer", metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("due_at", _Instant, nullable=False),
    Column("facts", JSONB, nullable=False, server_default=text("'{}'")),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("last_error", Text),
    Column("fired_at", _Instant),
    UniqueConstraint("kind", "subject_id", "due_at"),
    Index("ix_timer_due", "due_at", postgresql_where=text("fired_at IS NULL")),
)  # fmt: skip

policy = Table(
    "policy", metadata,
    Column("name", Text, primary_key=True),
    Column("shop", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("effective_from", _Instant, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("saved_by", Text, nullable=False),
    Column("saved_at", _Instant, nullable=False, server_default=_now()),
    Column("reason", Text),
    Column("withdrawn_at", _Instant),
    Column("withdrawn_by", Text),
    Column("withdrawn_reason", Text),
    CheckConstraint("version >= 1", name="version"),
    # Two documents can't come into force at the same instant.
    Index(
        "ix_policy_in_force", "name", "shop", "effective_from",
        unique=True, postgresql_where=text("withdrawn_at IS NULL"),
    ),
)  # fmt: skip

idempotency = Table(
    "idempotency", metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("stored_at", _Instant, nullable=False),
    Index("ix_idempotency_stored_at", "stored_at"),
)  # fmt: skip


def own_registry() -> registry:
    """A registry with a metadata of its own, for the root of one service's SQLModel tables (one database each)."""
    return registry(metadata=MetaData(naming_convention=NAMING))
