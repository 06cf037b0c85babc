"""Payments under numbers that never change, every answer to them, and what was compared with the payment side.

The database holds by itself what the service promises (T55): a payment is what is in flight of an approved case, its
number, case and amount never change, what is paid stays paid, and a reference stands for one payment.
"""

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0019_payments"
down_revision = "2026_11_22_0018_procedures"

_STATEMENTS = (
    """
    CREATE TABLE payment (
        payment_key uuid PRIMARY KEY,
        cause text NOT NULL CHECK (cause IN ('refund', 'goodwill', 'difference')),
        cause_id uuid NOT NULL UNIQUE,
        ticket_id uuid REFERENCES ticket,
        order_id uuid NOT NULL REFERENCES order_book,
        shop text NOT NULL,
        order_no text NOT NULL,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        sealed_payee bytea,
        status text NOT NULL CHECK (status IN ('due', 'calling', 'unknown', 'paid', 'failed')),
        attempts integer NOT NULL CHECK (attempts >= 0),
        asks integer NOT NULL CHECK (asks >= 0),
        ordered_at timestamptz NOT NULL,
        due_since timestamptz NOT NULL,
        next_try_at timestamptz,
        called_at timestamptz,
        reference text UNIQUE,
        failure text,
        retryable boolean,
        paid_at timestamptz,
        failed_at timestamptz,
        version bigint NOT NULL,
        CONSTRAINT ck_payment_paid CHECK ((status = 'paid') = (reference IS NOT NULL)
            AND (reference IS NULL) = (paid_at IS NULL)),
        CONSTRAINT ck_payment_failed CHECK ((status = 'failed') = (failure IS NOT NULL)
            AND (failure IS NULL) = (failed_at IS NULL) AND (failure IS NULL) = (retryable IS NULL)),
        CONSTRAINT ck_payment_tried CHECK ((status IN ('due', 'unknown')) = (next_try_at IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_payment_tried ON payment (status, next_try_at) WHERE status IN ('due', 'unknown')",
    "CREATE INDEX ix_payment_calling ON payment (called_at) WHERE status = 'calling'",
    "CREATE INDEX ix_payment_in_doubt ON payment (due_since) WHERE status IN ('calling', 'unknown')",
    "CREATE INDEX ix_payment_paid_at ON payment (paid_at) WHERE status = 'paid'",
    "CREATE INDEX ix_payment_order ON payment (order_id)",
    "CREATE INDEX ix_payment_status ON payment (status, payment_key)",
    """
    CREATE FUNCTION in_flight_of(cause uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT coalesce(sum(CASE kind WHEN 'reserved' THEN amount_minor ELSE -amount_minor END), 0)::bigint
        FROM book_entry WHERE cause_id = cause AND kind IN ('reserved', 'released', 'refunded')
    $$
    """,
    """
    CREATE FUNCTION refuse_unapproved_payment() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT approval_is_complete(NEW.cause_id, NEW.amount_minor) THEN
            RAISE EXCEPTION 'nobody approved that' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'ck_payment_approved', TABLE = 'payment';
        END IF;
        IF in_flight_of(NEW.cause_id) <> NEW.amount_minor
            OR NEW.currency <> (SELECT currency FROM order_book WHERE order_id = NEW.order_id) THEN
            RAISE EXCEPTION 'that is not what is in flight' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'ck_payment_in_flight', TABLE = 'payment';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER payment_is_approved BEFORE INSERT ON payment
    FOR EACH ROW EXECUTE FUNCTION refuse_unapproved_payment()
    """,
    """
    CREATE FUNCTION refuse_another_payment() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (NEW.payment_key, NEW.cause, NEW.cause_id, NEW.order_id, NEW.currency, NEW.amount_minor)
            IS DISTINCT FROM (OLD.payment_key, OLD.cause, OLD.cause_id, OLD.order_id, OLD.currency, OLD.amount_minor)
            OR (OLD.status = 'paid' AND (NEW.status, NEW.reference, NEW.paid_at)
                IS DISTINCT FROM (OLD.status, OLD.reference, OLD.paid_at)) THEN
            RAISE EXCEPTION 'a payment stays the one it is' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'ck_payment_stays', TABLE = 'payment';
        END IF;
        IF NEW.status = 'paid' AND OLD.status <> 'paid' AND NEW.amount_minor <> (
            SELECT coalesce(sum(amount_minor), 0) FROM book_entry
            WHERE cause_id = NEW.cause_id AND kind = 'refunded'
        ) THEN
            RAISE EXCEPTION 'the book does not say so' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'ck_payment_booked', TABLE = 'payment';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER payment_stays BEFORE UPDATE ON payment FOR EACH ROW EXECUTE FUNCTION refuse_another_payment()
    """,
    "CREATE TRIGGER payment_no_delete BEFORE DELETE ON payment FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER payment_no_truncate BEFORE TRUNCATE ON payment EXECUTE FUNCTION refuse_change()",
    """
    CREATE TABLE payment_answer (
        number uuid NOT NULL,
        reference text NOT NULL,
        result text NOT NULL CHECK (result IN ('paid', 'failed')),
        told_at timestamptz NOT NULL,
        currency text NOT NULL,
        amount_minor bigint NOT NULL,
        failure text,
        retryable boolean NOT NULL,
        way text NOT NULL CHECK (way IN ('call', 'ask', 'event', 'sent', 'list')),
        verdict text NOT NULL CHECK (verdict IN ('applied', 'repeated', 'late', 'refused')),
        received_at timestamptz NOT NULL,
        PRIMARY KEY (number, reference, result, told_at, currency, amount_minor)
    )
    """,
    """
    CREATE TRIGGER payment_answer_no_delete BEFORE DELETE ON payment_answer
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TABLE payment_reconciliation (
        reconciliation_id uuid PRIMARY KEY,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        nightly boolean NOT NULL,
        listed integer NOT NULL CHECK (listed >= 0),
        matched integer NOT NULL CHECK (matched >= 0),
        settled integer NOT NULL CHECK (settled >= 0),
        drifted integer NOT NULL CHECK (drifted >= 0),
        missing integer NOT NULL CHECK (missing >= 0),
        ran_by text NOT NULL,
        ran_at timestamptz NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX uq_payment_reconciliation_nightly ON payment_reconciliation (starts_at, ends_at)
    WHERE nightly
    """,
)
_POLICIES = {"payment-checks": {"unresolved_minutes": 5, "reconcile_hour": 3, "catch_up_days": 7}}


def upgrade() -> None:
    """Make the tables, ship the policy."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
