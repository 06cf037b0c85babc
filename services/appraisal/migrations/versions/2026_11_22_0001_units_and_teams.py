"""Units and teams."""

from alembic import op

revision = "2026_11_22_0001_units_and_teams"
down_revision = "2026_11_21_0001_staff_and_sale_credits"

_STATEMENTS = (
    """
    CREATE TABLE unit (
        unit_id uuid PRIMARY KEY,
        code text NOT NULL CONSTRAINT unit_code_key UNIQUE,
        name text NOT NULL,
        kind text NOT NULL CHECK (kind IN
            ('station', 'warehouse', 'courier', 'floor', 'product', 'support', 'other')),
        lead_staff_id uuid REFERENCES staff,
        status text NOT NULL CHECK (status IN ('active', 'closed')),
        created_at timestamptz NOT NULL,
        version bigint NOT NULL,
        event_seq bigint NOT NULL
    )
    """,
    "CREATE INDEX ix_unit_status ON unit (status, unit_id)",
    "CREATE INDEX ix_unit_kind ON unit (kind, unit_id)",
    "CREATE INDEX ix_unit_lead ON unit (lead_staff_id)",
    """
    CREATE TABLE team (
        team_id uuid PRIMARY KEY,
        code text NOT NULL CONSTRAINT team_code_key UNIQUE,
        name text NOT NULL,
        unit_id uuid REFERENCES unit,
        lead_staff_id uuid REFERENCES staff,
        shops text[] NOT NULL,
        status text NOT NULL CHECK (status IN ('active', 'dissolved')),
        created_at timestamptz NOT NULL,
        version bigint NOT NULL,
        event_seq bigint NOT NULL
    )
    """,
    "CREATE INDEX ix_team_status ON team (status, team_id)",
    "CREATE INDEX ix_team_unit ON team (unit_id, team_id)",
    "CREATE INDEX ix_team_lead ON team (lead_staff_id)",
    # Ids that were written before there were units and teams lead nowhere: they stay until somebody changes them.
    "ALTER TABLE staff ADD CONSTRAINT staff_unit_fkey FOREIGN KEY (unit_id) REFERENCES unit NOT VALID",
    "ALTER TABLE staff ADD CONSTRAINT staff_team_fkey FOREIGN KEY (team_id) REFERENCES team NOT VALID",
    "CREATE INDEX ix_staff_unit ON staff (unit_id, staff_id)",
)


def upgrade() -> None:
    """Make the tables; from now on staff work in units and teams that exist."""
    for statement in _STATEMENTS:
        op.execute(statement)
