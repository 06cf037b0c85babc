"""Attachments of tickets."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0007_attachments"
down_revision = "2026_11_22_0006_search"

_STATEMENTS = (
    """
    CREATE TABLE attachment (
        attachment_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL REFERENCES ticket,
        came_from uuid REFERENCES ticket,
        internal boolean NOT NULL,
        name text NOT NULL,
        kind text NOT NULL,
        media_type text NOT NULL,
        size_bytes bigint NOT NULL CHECK (size_bytes > 0),
        sha256 bytea NOT NULL CHECK (length(sha256) = 32),
        width integer,
        height integer,
        storage_key text NOT NULL UNIQUE,
        policy_version integer NOT NULL,
        attached_by text NOT NULL,
        staff_id uuid,
        attached_at timestamptz NOT NULL,
        removed_at timestamptz,
        removed_by text,
        purged_at timestamptz,
        CHECK ((removed_at IS NULL) = (removed_by IS NULL)),
        CHECK (purged_at IS NULL OR removed_at IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_attachment_ticket ON attachment (ticket_id, attachment_id) WHERE removed_at IS NULL",
    """
    CREATE INDEX ix_attachment_removed ON attachment (attachment_id)
    WHERE removed_at IS NOT NULL AND purged_at IS NULL
    """,
    "CREATE TABLE attachment_upload (storage_key text PRIMARY KEY, begun_at timestamptz NOT NULL)",
    "CREATE INDEX ix_attachment_upload_begun ON attachment_upload (begun_at)",
)
_POLICIES: dict[str, dict[str, Any]] = {
    "attachment-rules": {
        "types": ["jpg", "png", "gif", "webp", "pdf", "mp4", "txt", "xlsx", "docx"],
        "most_bytes": 10485760,
        "per_ticket": 20,
        "most_pixels": 50000000,
        "most_parts": 2000,
        "most_unpacked_bytes": 104857600,
        "most_ratio": 100,
    },
}


def upgrade() -> None:
    """Make the tables, ship the policy."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
