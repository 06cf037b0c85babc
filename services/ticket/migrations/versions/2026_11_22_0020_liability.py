"""Costs of cases, goodwill."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0020_liability"
down_revision = "2026_11_22_0019_payments"

_STATEMENTS = (
    # No reference to the order's row: see the approvals.
    """
    CREATE TABLE case_cost (
        cost_id uuid PRIMARY KEY,
        cause_id uuid NOT NULL,
        ticket_id uuid NOT NULL REFERENCES ticket,
        order_id uuid NOT NULL,
        shop text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('goods', 'freight', 'goodwill', 'fee')),
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
        fault text NOT NULL CHECK (fault IN ('customer', 'merchant', 'courier')),
        bearer text NOT NULL CHECK (bearer IN ('company', 'unit', 'courier', 'supplier', 'staff')),
        bearer_code text,
        unit_id uuid,
        staff_id uuid,
        month text NOT NULL CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
        booked_at timestamptz NOT NULL,
        rebooked_by text,
        rebooked_at timestamptz,
        reason text,
        version bigint NOT NULL,
        UNIQUE (cause_id, kind),
        CHECK ((bearer = 'unit') = (unit_id IS NOT NULL)),
        CHECK ((bearer = 'staff') = (staff_id IS NOT NULL)),
        CHECK ((bearer IN ('courier', 'supplier')) = (bearer_code IS NOT NULL)),
        CHECK (num_nulls(rebooked_by, rebooked_at, reason) IN (0, 3))
    )
    """,
    "CREATE INDEX ix_case_cost_ticket ON case_cost (ticket_id)",
    "CREATE INDEX ix_case_cost_month ON case_cost (month, shop) WHERE amount_minor > 0",
    """
    CREATE TABLE goodwill (
        goodwill_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL REFERENCES ticket,
        shop text NOT NULL,
        order_id uuid NOT NULL,
        order_no text NOT NULL,
        line_no integer NOT NULL CHECK (line_no >= 1),
        account_id uuid,
        status text NOT NULL
            CHECK (status IN ('offered', 'paying', 'paid', 'failed', 'withdrawn', 'refused')),
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        most_minor bigint NOT NULL,
        defect text NOT NULL,
        fault text NOT NULL CHECK (fault IN ('customer', 'merchant', 'courier')),
        policy_version integer NOT NULL,
        payment_key uuid NOT NULL UNIQUE,
        offered_by text NOT NULL,
        offered_by_staff_id uuid,
        offered_at timestamptz NOT NULL,
        approved_by jsonb NOT NULL,
        approved_at timestamptz,
        paid_at timestamptz,
        payment_reference text,
        failure text,
        attempts integer NOT NULL,
        ended_by text,
        ended_at timestamptz,
        reason text,
        version bigint NOT NULL,
        event_seq bigint NOT NULL,
        CHECK ((status IN ('offered', 'withdrawn', 'refused')) OR approved_at IS NOT NULL),
        CHECK ((status = 'paid') = (paid_at IS NOT NULL)),
        CHECK ((status IN ('withdrawn', 'refused')) = (ended_at IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_goodwill_ticket ON goodwill (ticket_id, goodwill_id)",
    "CREATE INDEX ix_goodwill_line ON goodwill (order_id, line_no) WHERE status NOT IN ('withdrawn', 'refused')",
    # A line is never given more than its share, whoever writes (T27); offers count.
    """
    CREATE FUNCTION guard_goodwill() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.status IN ('withdrawn', 'refused') THEN
            RETURN NEW;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('goodwill of the order ' || NEW.order_id, 17));
        IF NEW.amount_minor + (
            SELECT coalesce(sum(amount_minor), 0) FROM goodwill
            WHERE order_id = NEW.order_id AND line_no = NEW.line_no AND goodwill_id <> NEW.goodwill_id
                AND status NOT IN ('withdrawn', 'refused')
        ) > NEW.most_minor THEN
            PERFORM refuse_by('goodwill_share');
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER goodwill_guarded BEFORE INSERT OR UPDATE OF amount_minor, most_minor, order_id, line_no, status
    ON goodwill FOR EACH ROW EXECUTE FUNCTION guard_goodwill()
    """,
)
_POLICIES: dict[str, dict[str, Any]] = {"goodwill": {"share": "0.2", "never_to": ["bad"]}}


def upgrade() -> None:
    """Make the tables, ship the policy."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
