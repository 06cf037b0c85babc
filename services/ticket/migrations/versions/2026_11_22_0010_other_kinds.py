"""Bad reviews and what was said to their buyers."""

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0010_other_kinds"
down_revision = "2026_11_22_0009_sealed_deliveries"

_STATEMENTS = (
    """
    CREATE TABLE bad_review (
        review_id uuid PRIMARY KEY REFERENCES ticket,
        number text NOT NULL,
        shop text NOT NULL,
        account_id uuid,
        status text NOT NULL CHECK (status IN
            ('recorded', 'cause_found', 'phoned', 'written', 'settled', 'cancelled')),
        stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 3),
        cause text CHECK (cause IN ('new_buyer', 'dissatisfied', 'cannot_use')),
        manner text CHECK (manner IN ('phone', 'text')),
        result text CHECK (result IN ('changed', 'kept', 'removed')),
        offered_minor bigint CHECK (offered_minor >= 0),
        currency text CHECK (currency ~ '^[A-Z]{3}$'),
        reviewed_at timestamptz,
        settled_at timestamptz,
        event_seq bigint NOT NULL,
        CHECK ((status = 'settled') = (result IS NOT NULL)),
        CHECK ((result IS NULL) = (settled_at IS NULL)),
        CHECK ((offered_minor IS NULL) = (currency IS NULL)),
        CHECK (status IN ('recorded', 'cancelled') OR cause IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_bad_review_shop ON bad_review (shop, review_id)",
    "CREATE INDEX ix_bad_review_status ON bad_review (status, review_id)",
    "CREATE INDEX ix_bad_review_cause ON bad_review (cause, review_id) WHERE cause IS NOT NULL",
    "CREATE INDEX ix_bad_review_result ON bad_review (result, review_id) WHERE result IS NOT NULL",
    "CREATE INDEX ix_bad_review_account ON bad_review (account_id, review_id) WHERE account_id IS NOT NULL",
    """
    CREATE TABLE review_contact (
        contact_id uuid PRIMARY KEY,
        review_id uuid NOT NULL REFERENCES bad_review,
        manner text NOT NULL CHECK (manner IN ('phone', 'text')),
        reached boolean NOT NULL,
        outside_hours boolean NOT NULL,
        offered_minor bigint CHECK (offered_minor >= 0),
        currency text CHECK (currency ~ '^[A-Z]{3}$'),
        note text,
        staff_id uuid,
        contacted_at timestamptz NOT NULL,
        CHECK ((offered_minor IS NULL) = (currency IS NULL))
    )
    """,
    "CREATE INDEX ix_review_contact_review ON review_contact (review_id, contact_id)",
)
_HOURS = (("11:00", "12:00"), ("15:00", "16:30"), ("20:00", "21:00"))


def upgrade() -> None:
    """Make the tables, ship the policy."""
    for statement in _STATEMENTS:
        op.execute(statement)
    windows = [{"begins": begins, "ends": ends} for begins, ends in _HOURS]
    ship_policies(op.execute, {"review-hours": {"windows": windows}})
