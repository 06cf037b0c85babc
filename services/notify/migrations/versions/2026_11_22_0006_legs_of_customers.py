"""Nobody in the house is warned of what the customer has to do; a breach of it is told as before."""

from alembic import op

revision = "2026_11_22_0006_legs_of_customers"
down_revision = "2026_11_22_0005_shop_accounts"


def upgrade() -> None:
    """The rule asks whose leg it is."""
    op.execute("""
    UPDATE notification_rule SET condition = condition || '{"in_house": "yes"}' WHERE name = 'clock-warned'
    """)
