"""Search, saved views and macros."""

from alembic import op

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
)


def upgrade() -> None:
    """Make the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
