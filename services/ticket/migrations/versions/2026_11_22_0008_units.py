"""Copies of units and teams, and who of the staff is in which."""

from alembic import op

revision = "2026_11_22_0008_units"
down_revision = "2026_11_22_0007_attachments"

_STATEMENTS = (
    "ALTER TABLE staff_copy ADD COLUMN team_id uuid, ADD COLUMN unit_id uuid",
    "CREATE INDEX ix_staff_copy_unit ON staff_copy (unit_id) WHERE unit_id IS NOT NULL",
    """
    CREATE TABLE unit_copy (
        unit_id uuid PRIMARY KEY,
        code text NOT NULL,
        name text NOT NULL,
        kind text NOT NULL,
        lead_staff_id uuid,
        active boolean NOT NULL
    )
    """,
    """
    CREATE TABLE team_copy (
        team_id uuid PRIMARY KEY,
        code text NOT NULL,
        unit_id uuid,
        lead_staff_id uuid,
        shops text[] NOT NULL,
        active boolean NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
