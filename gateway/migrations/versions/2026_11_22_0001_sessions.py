"""Sessions with their refresh tokens, failed logins, API keys and revocations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "2026_11_22_0001_sessions"
down_revision = "2026_11_21_0001_identity"

_INSTANT = sa.DateTime(timezone=True)
_TABLES = ("revocation", "api_key", "login_failures", "refresh_token", "login_session")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text()),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.Column("ended_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_login_session"),
    )
    op.create_index("ix_login_session_account_id", "login_session", ["account_id"])
    op.create_table(
        "refresh_token",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("spent_at", _INSTANT),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_token"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["login_session.id"], name="fk_refresh_token_session_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_refresh_token_session_id", "refresh_token", ["session_id"])
    op.create_table(
        "login_failures",
        sa.Column("name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("last_at", _INSTANT, nullable=False),
        sa.Column("locks", sa.Integer(), nullable=False),
        sa.Column("locked_until", _INSTANT),
        sa.PrimaryKeyConstraint("name_hash", name="pk_login_failures"),
    )
    op.create_index("ix_login_failures_last_at", "login_failures", ["last_at"])
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("last_used_at", _INSTANT),
        sa.Column("revoked_at", _INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("key_id", name="uq_api_key_key_id"),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_api_key_client_id"),
    )
    op.create_index("ix_api_key_client_id", "api_key", ["client_id"])
    op.create_table(
        "revocation",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("not_before", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_revocation"),
    )


def downgrade() -> None:
    """Drop the tables: everybody logs in again, and API keys are made anew."""
    for table in _TABLES:
        op.drop_table(table)
