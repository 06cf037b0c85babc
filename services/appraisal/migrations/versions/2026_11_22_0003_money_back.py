"""What was paid back may be goodwill, or a payment that had been given up: no request says why."""

from alembic import op

revision = "2026_11_22_0003_money_back"
down_revision = "2026_11_22_0002_refund_facts"


def upgrade() -> None:
    """Facts of both have no reason and nobody at fault."""
    op.execute(
        """
        ALTER TABLE refund_fact
            ALTER COLUMN ticket_number DROP NOT NULL,
            ALTER COLUMN reason DROP NOT NULL,
            ALTER COLUMN fault DROP NOT NULL,
            DROP CONSTRAINT refund_fact_kind_check,
            ADD CONSTRAINT refund_fact_kind_check CHECK (kind IN
                ('money_only', 'return_and_money', 'exchange', 'resend', 'goodwill', 'late')),
            ADD CONSTRAINT refund_fact_why_check CHECK (kind IN ('goodwill', 'late')
                OR (ticket_number IS NOT NULL AND reason IS NOT NULL AND fault IS NOT NULL))
        """
    )
