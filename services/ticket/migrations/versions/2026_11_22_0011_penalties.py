"""Penalty lists and units' volumes."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0011_penalties"
down_revision = "2026_11_22_0010_other_kinds"

_STATEMENTS = (
    """
    CREATE TABLE penalty_list (
        penalty_list_id uuid PRIMARY KEY,
        month text NOT NULL UNIQUE CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
        status text NOT NULL CHECK (status IN ('draft', 'signed', 'published')),
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        policy_version integer NOT NULL,
        applied boolean NOT NULL,
        drafted_by text NOT NULL,
        drafted_at timestamptz NOT NULL,
        signed_by text,
        signed_at timestamptz,
        published_at timestamptz,
        version bigint NOT NULL,
        event_seq bigint NOT NULL,
        CHECK ((status = 'draft') = (signed_by IS NULL) AND (signed_by IS NULL) = (signed_at IS NULL)),
        CHECK ((status = 'published') = (published_at IS NOT NULL))
    )
    """,
    """
    CREATE TABLE penalty_line (
        penalty_list_id uuid NOT NULL REFERENCES penalty_list,
        ticket_id uuid NOT NULL REFERENCES ticket,
        place integer NOT NULL,
        ticket_number text NOT NULL,
        shop text NOT NULL,
        unit_id uuid NOT NULL,
        lead_staff_id uuid,
        grade text NOT NULL CHECK (grade IN ('repeat', 'malignant')),
        penalty_minor bigint NOT NULL,
        charged_minor bigint NOT NULL CHECK (charged_minor > 0 AND charged_minor <= penalty_minor),
        PRIMARY KEY (penalty_list_id, ticket_id)
    )
    """,
    "CREATE INDEX ix_penalty_line_ticket ON penalty_line (ticket_id)",
    """
    CREATE TABLE sensitive_period (
        period_id uuid PRIMARY KEY,
        first_day date NOT NULL,
        last_day date NOT NULL CHECK (last_day >= first_day),
        reason text NOT NULL,
        declared_by text NOT NULL,
        declared_at timestamptz NOT NULL,
        ended_by text,
        ended_at timestamptz,
        CHECK ((ended_at IS NULL) = (ended_by IS NULL))
    )
    """,
    "CREATE INDEX ix_sensitive_period_holds ON sensitive_period (first_day DESC) WHERE ended_at IS NULL",
    """
    CREATE TABLE unit_volume (
        unit_id uuid NOT NULL,
        month text NOT NULL CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
        volume bigint NOT NULL CHECK (volume >= 0),
        measure text,
        set_by text NOT NULL,
        set_at timestamptz NOT NULL,
        version bigint NOT NULL,
        PRIMARY KEY (month, unit_id)
    )
    """,
)
_POLICIES: dict[str, dict[str, Any]] = {
    "complaint-penalties": {
        "repeat": {"amount": "50.00", "currency": "CNY"}, "malignant": {"amount": "200.00", "currency": "CNY"},
    },
}  # fmt: skip


def upgrade() -> None:
    """Make the tables, ship the policy."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
