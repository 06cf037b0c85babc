"""Facts of costs that were laid at another's door."""

from alembic import op

revision = "2026_11_22_0004_rebooked_costs"
down_revision = "2026_11_22_0003_money_back"

_BEARERS = "('company', 'unit', 'courier', 'supplier', 'staff')"


def upgrade() -> None:
    """Make the table. No reference to the refund: it may be known later, or be a change of an order."""
    op.execute(
        f"""
        CREATE TABLE cost_rebooking_fact (
            cost_id uuid NOT NULL,
            sequence bigint NOT NULL,
            cause_id uuid NOT NULL,
            order_id uuid NOT NULL,
            shop text NOT NULL,
            month text NOT NULL,
            kind text NOT NULL CHECK (kind IN ('goods', 'freight', 'goodwill', 'fee')),
            currency text NOT NULL CHECK (currency ~ '^[A-Z]{{3}}$'),
            amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
            bearer text NOT NULL CHECK (bearer IN {_BEARERS}),
            bearer_code text,
            unit_id uuid,
            staff_id uuid,
            bearer_before text NOT NULL CHECK (bearer_before IN {_BEARERS}),
            bearer_code_before text,
            unit_id_before uuid,
            staff_id_before uuid,
            rebooked_at timestamptz NOT NULL,
            PRIMARY KEY (cost_id, sequence)
        )
        """
    )
    op.execute("CREATE INDEX ix_cost_rebooking_fact_cause ON cost_rebooking_fact (cause_id)")
