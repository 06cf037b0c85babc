"""Search, saved views and macros."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0006_search"
down_revision = "2026_11_22_0005_complaints"

_STATEMENTS = (
    """
    CREATE TABLE ticket_text (
        text_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL,
        shop text NOT NULL,
        opened_at timestamptz NOT NULL,
        internal boolean NOT NULL,
        body text NOT NULL,
        plain text NOT NULL,
        entries tsvector NOT NULL
    )
    """,
    "CREATE INDEX ix_ticket_text_ticket ON ticket_text (ticket_id)",
    # New entries wait in a short list: whoever writes a text doesn't wait for the places of all its entries, and who
    # searches doesn't read a long list.
    "CREATE INDEX ix_ticket_text_entries ON ticket_text USING gin (entries) WITH (gin_pending_list_limit = 512)",
    """
    CREATE TABLE ticket_view (
        view_id uuid PRIMARY KEY,
        name text NOT NULL,
        owner text NOT NULL,
        shared_to text NOT NULL CHECK (shared_to IN ('nobody', 'group', 'shop')),
        shared_code text,
        filters jsonb NOT NULL,
        mine boolean NOT NULL,
        saved_at timestamptz NOT NULL,
        removed_at timestamptz,
        version bigint NOT NULL,
        CHECK ((shared_to = 'nobody') = (shared_code IS NULL))
    )
    """,
    "CREATE INDEX ix_ticket_view_owner ON ticket_view (owner, view_id) WHERE removed_at IS NULL",
    """
    CREATE INDEX ix_ticket_view_shared ON ticket_view (shared_to, shared_code, view_id)
    WHERE removed_at IS NULL AND shared_to <> 'nobody'
    """,
    """
    CREATE TABLE ticket_macro (
        macro_id uuid PRIMARY KEY,
        name text NOT NULL,
        owner text NOT NULL,
        shared_to text NOT NULL CHECK (shared_to IN ('nobody', 'group', 'shop')),
        shared_code text,
        actions jsonb NOT NULL,
        saved_at timestamptz NOT NULL,
        removed_at timestamptz,
        version bigint NOT NULL,
        CHECK ((shared_to = 'nobody') = (shared_code IS NULL))
    )
    """,
    "CREATE INDEX ix_ticket_macro_owner ON ticket_macro (owner, macro_id) WHERE removed_at IS NULL",
    """
    CREATE INDEX ix_ticket_macro_shared ON ticket_macro (shared_to, shared_code, macro_id)
    WHERE removed_at IS NULL AND shared_to <> 'nobody'
    """,
    """
    CREATE TABLE ticket_macro_version (
        macro_id uuid NOT NULL REFERENCES ticket_macro,
        version bigint NOT NULL,
        name text NOT NULL,
        actions jsonb NOT NULL,
        saved_by text NOT NULL,
        saved_at timestamptz NOT NULL,
        PRIMARY KEY (macro_id, version)
    )
    """,
)
_POLICIES: dict[str, dict[str, Any]] = {
    "saved-limits": {"views": 100, "macros": 100, "actions": 10, "bulk_tickets": 100, "counted": 1000},
}


def upgrade() -> None:
    """Make the tables, ship the policy."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
