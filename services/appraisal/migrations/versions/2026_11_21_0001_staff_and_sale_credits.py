"""Staff with their aliases, the facts of sales and whose they were."""

from typing import Any

from alembic import op

from kit.schema_v1 import create_tables, ship_policies

revision = "2026_11_21_0001_staff_and_sale_credits"
down_revision = None

_STATEMENTS = (
    "CREATE SEQUENCE staff_number",
    """
    CREATE TABLE staff (
        staff_id uuid PRIMARY KEY,
        number text NOT NULL UNIQUE,
        name text NOT NULL,
        role text NOT NULL CHECK (role IN
            ('agent', 'supervisor', 'manager', 'finance', 'auditor', 'admin', 'other')),
        team_id uuid,
        unit_id uuid,
        grade text CHECK (grade IN ('junior', 'intermediate', 'senior', 'expert')),
        status text NOT NULL CHECK (status IN ('probation', 'active', 'suspended', 'left')),
        hired_on date NOT NULL,
        left_on date CHECK (left_on >= hired_on),
        created_at timestamptz NOT NULL,
        version bigint NOT NULL,
        event_seq bigint NOT NULL,
        CHECK ((status = 'left') = (left_on IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_staff_status ON staff (status, staff_id)",
    "CREATE INDEX ix_staff_role ON staff (role, staff_id)",
    "CREATE INDEX ix_staff_team ON staff (team_id, staff_id)",
    """
    CREATE TABLE staff_alias (
        shop text NOT NULL,
        alias text NOT NULL,
        staff_id uuid NOT NULL REFERENCES staff,
        PRIMARY KEY (shop, alias)
    )
    """,
    "CREATE INDEX ix_staff_alias_staff ON staff_alias (staff_id)",
    """
    CREATE TABLE order_fact (
        order_id uuid PRIMARY KEY,
        sequence bigint NOT NULL,
        shop text NOT NULL,
        order_no text NOT NULL,
        placed_at timestamptz NOT NULL,
        paid_at timestamptz,
        cancelled boolean NOT NULL,
        fake boolean NOT NULL,
        top_up boolean NOT NULL
    )
    """,
    """
    CREATE TABLE flag_fact (
        event_id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES order_fact,
        sequence bigint NOT NULL,
        shop text NOT NULL,
        meaning text CHECK (meaning IN
            ('cleared', 'problem', 'solved', 'fake', 'sale', 'refund_or_change', 'exchange')),
        alias text,
        alias_staff_id uuid,
        signer_staff_id uuid,
        flagged_at timestamptz NOT NULL,
        UNIQUE (order_id, sequence)
    )
    """,
    """
    CREATE INDEX ix_flag_fact_unmatched ON flag_fact (shop, alias) INCLUDE (order_id, flagged_at)
    WHERE alias IS NOT NULL AND alias_staff_id IS NULL
    """,
    """
    CREATE INDEX ix_flag_fact_waiting ON flag_fact (alias) WHERE alias IS NOT NULL AND alias_staff_id IS NULL
    """,
    """
    CREATE TABLE sale_credit (
        order_id uuid PRIMARY KEY REFERENCES order_fact,
        shop text NOT NULL,
        order_no text NOT NULL,
        sold_at timestamptz NOT NULL,
        staff_id uuid,
        alias text,
        basis text CHECK (basis IN ('sale', 'cleared')),
        credited_at timestamptz,
        counted boolean NOT NULL,
        why_not text CHECK (why_not IN ('cancelled', 'fake', 'top-up', 'unmarked', 'unmatched')),
        CHECK (counted = (why_not IS NULL)),
        CHECK (NOT counted OR (staff_id IS NOT NULL AND basis IS NOT NULL)),
        CHECK ((basis IS NULL) = (credited_at IS NULL))
    )
    """,
    "CREATE INDEX ix_sale_credit_sold ON sale_credit (sold_at, order_id)",
    "CREATE INDEX ix_sale_credit_staff ON sale_credit (staff_id, sold_at, order_id)",
    "CREATE INDEX ix_sale_credit_shop ON sale_credit (shop, sold_at, order_id)",
)
_POLICIES: dict[str, dict[str, Any]] = {
    "commission-tiers": {
        "variant": "progressive",
        "steps": [
            {"up_to": 1000, "rate": "1.00", "base": "0.00"},
            {"up_to": 3000, "rate": "0.75", "base": "3000.00"},
            {"up_to": None, "rate": "0.50", "base": "4500.00"},
        ],
        "pool_share": "1.00",
        "currency": "CNY",
    },
}


def upgrade() -> None:
    """Make the tables and ship the default policies."""
    create_tables(op.execute)
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
