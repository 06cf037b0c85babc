"""What people are told of refunds."""

revision = "2026_11_22_0003_news_of_after_sales"
down_revision = "2026_11_22_0002_news_of_the_desk"


def upgrade() -> None:
    """Nothing yet."""
