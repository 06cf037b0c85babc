"""Files that people fill in: personal values sealed and searched by keyed hash, and what may be read of a person."""

from alembic import op

revision = "2026_11_22_0001_personal_values"
down_revision = "2026_11_21_0001_files_and_purchases"

_STATEMENTS = (
    """
    ALTER TABLE person_file
        ADD COLUMN gender text CHECK (gender IN ('male', 'female')),
        ADD COLUMN birthday date,
        ADD COLUMN occupation text,
        ADD COLUMN risk text,
        ADD COLUMN tags jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN hobbies jsonb NOT NULL DEFAULT '[]'
    """,
    "ALTER TABLE account ADD COLUMN sealed_ref bytea",
    """
    CREATE TABLE personal_value (
        value_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES person_file,
        kind text NOT NULL,
        place smallint NOT NULL CHECK (place >= 0),
        sealed bytea NOT NULL,
        search_key bytea CHECK (octet_length(search_key) = 32),
        created_at timestamptz NOT NULL,
        -- C3: what is searched stands in one file; what is not searched has no key and may stand anywhere.
        UNIQUE (kind, search_key)
    )
    """,
    "CREATE INDEX ix_personal_value_customer ON personal_value (customer_id, kind, place)",
)


def upgrade() -> None:
    """Make the table and the columns."""
    for statement in _STATEMENTS:
        op.execute(statement)
