"""The kit's tables as every service's first migration makes them. Frozen: a later change is a `schema_v2`."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

_STATEMENTS = (
    """
    CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    event_id UUID NOT NULL,
    noun TEXT NOT NULL,
    aggregate_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    subject TEXT NOT NULL,
    body BYTEA NOT NULL,
    traceparent TEXT,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
    stream_sequence BIGINT,
    blocked_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT uq_outbox_noun_aggregate_id_sequence UNIQUE (noun, aggregate_id, sequence),
    CONSTRAINT uq_outbox_event_id UNIQUE (event_id)
)
    """,
    "CREATE INDEX ix_outbox_blocked ON outbox (noun, aggregate_id) WHERE blocked_at IS NOT NULL",
    "CREATE INDEX ix_outbox_stream_sequence ON outbox (stream_sequence)",
    "CREATE INDEX ix_outbox_unpublished ON outbox (id) WHERE published_at IS NULL",
    """
    CREATE TABLE inbox (
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    handled_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
)
    """,
    """
    CREATE TABLE position (
    consumer TEXT NOT NULL,
    noun TEXT NOT NULL,
    aggregate_id UUID NOT NULL,
    last_sequence BIGINT NOT NULL,
    CONSTRAINT pk_position PRIMARY KEY (consumer, noun, aggregate_id)
)
    """,
    """
    CREATE TABLE attempt (
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (consumer, event_id)
)
    """,
    """
    CREATE TABLE dead_letter (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    consumer TEXT NOT NULL,
    event_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    noun TEXT,
    aggregate_id UUID,
    sequence BIGINT,
    headers JSONB NOT NULL,
    body BYTEA NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    buried_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    redriven_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_dead_letter PRIMARY KEY (id),
    CONSTRAINT uq_dead_letter_consumer_event_id UNIQUE (consumer, event_id)
)
    """,
    "CREATE INDEX ix_dead_letter_waiting ON dead_letter (consumer, noun, aggregate_id) WHERE redriven_at IS NULL",
    """
    CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    noun TEXT NOT NULL,
    aggregate_id UUID NOT NULL,
    before JSONB NOT NULL,
    after JSONB NOT NULL,
    reason TEXT,
    request_id TEXT,
    xact XID8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT pk_audit PRIMARY KEY (id)
)
    """,
    "CREATE INDEX ix_audit_aggregate ON audit (noun, aggregate_id, id)",
    "CREATE INDEX ix_audit_actor ON audit (actor, id)",
    "CREATE INDEX ix_audit_at ON audit USING brin (at) WITH (autosummarize = on)",
    "CREATE INDEX ix_audit_xact ON audit (xact)",
    """
    CREATE TABLE audit_seal (
    number BIGINT NOT NULL,
    audit_id BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT pk_audit_seal PRIMARY KEY (number),
    CONSTRAINT uq_audit_seal_audit_id UNIQUE (audit_id)
)
    """,
    """
    CREATE TABLE audit_person_key (
    person_id UUID NOT NULL,
    key BYTEA NOT NULL,
    CONSTRAINT pk_audit_person_key PRIMARY KEY (person_id)
)
    """,
    """
    CREATE TABLE timer (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    facts JSONB DEFAULT '{}' NOT NULL,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    last_error TEXT,
    fired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_timer PRIMARY KEY (id),
    CONSTRAINT uq_timer_kind_subject_id_due_at UNIQUE (kind, subject_id, due_at)
)
    """,
    "CREATE INDEX ix_timer_due ON timer (due_at) WHERE fired_at IS NULL",
    """
    CREATE TABLE policy (
    name TEXT NOT NULL,
    shop TEXT NOT NULL,
    version INTEGER NOT NULL,
    effective_from TIMESTAMP WITH TIME ZONE NOT NULL,
    document JSONB NOT NULL,
    saved_by TEXT NOT NULL,
    saved_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    reason TEXT,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    withdrawn_by TEXT,
    withdrawn_reason TEXT,
    CONSTRAINT pk_policy PRIMARY KEY (name, shop, version),
    CONSTRAINT ck_policy_version CHECK (version >= 1)
)
    """,
    "CREATE UNIQUE INDEX ix_policy_in_force ON policy (name, shop, effective_from) WHERE withdrawn_at IS NULL",
    """
    CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status SMALLINT NOT NULL,
    headers JSONB NOT NULL,
    body BYTEA NOT NULL,
    stored_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (caller, key)
)
    """,
    "CREATE INDEX ix_idempotency_stored_at ON idempotency (stored_at)",
    # X7: the trail only grows, whoever asks.
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% rows are never changed or deleted', TG_TABLE_NAME; END $$
    """,
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit EXECUTE FUNCTION refuse_change()",
    """
    CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
    "CREATE TRIGGER audit_seal_no_truncate BEFORE TRUNCATE ON audit_seal EXECUTE FUNCTION refuse_change()",
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_seal FROM CURRENT_USER",
)
_POLICY = (
    "INSERT INTO policy (name, shop, version, effective_from, document, saved_by)"
    " VALUES ('{name}', 'main', 1, '1970-01-01T00:00:00Z', '{document}', 'release')"
)


def create_tables(execute: Callable[[str], Any]) -> None:
    """Make outbox, inbox, audit and their companions."""
    for statement in _STATEMENTS:
        execute(statement)


def ship_policies(execute: Callable[[str], Any], defaults: Mapping[str, Mapping[str, Any]]) -> None:
    """Insert the default documents as version 1 (X3). Documents are frozen in the migration that calls this."""
    for name, document in defaults.items():
        quoted = orjson.dumps(document).decode().replace("'", "''").replace(":", "\\:")
        execute(_POLICY.format(name=name, document=quoted))
