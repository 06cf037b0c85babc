"""Refunds and their lines."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0014_refunds"
down_revision = "2026_11_22_0013_approvals"

_STATEMENTS = (
    """
    CREATE TABLE refund (
        refund_id uuid PRIMARY KEY REFERENCES ticket,
        number text NOT NULL,
        shop text NOT NULL,
        account_id uuid,
        order_id uuid NOT NULL,
        order_no text NOT NULL,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        kind text NOT NULL CHECK (kind IN ('money_only', 'return_and_money', 'exchange', 'resend')),
        status text NOT NULL CHECK (status IN
            ('requested', 'under_review', 'evidence_wanted', 'approved', 'waiting_for_goods', 'goods_received',
             'inspected', 'paying', 'pay_failed', 'paid', 'sent', 'received', 'closed', 'refused', 'withdrawn')),
        reason text NOT NULL,
        fault text NOT NULL CHECK (fault IN ('customer', 'merchant', 'courier')),
        shipped boolean NOT NULL,
        parcel text CHECK (parcel IN ('stopped', 'gone')),
        parcel_at timestamptz,
        ahead boolean NOT NULL,
        goods_moved boolean NOT NULL,
        freight_insured boolean NOT NULL,
        wanted_minor bigint CHECK (wanted_minor > 0),
        goods_minor bigint NOT NULL CHECK (goods_minor >= 0),
        freight_minor bigint NOT NULL CHECK (freight_minor >= 0),
        deducted_minor bigint NOT NULL CHECK (deducted_minor >= 0),
        difference_minor bigint,
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
        out_payer text NOT NULL,
        back_payer text,
        again_payer text,
        fee_minor bigint NOT NULL CHECK (fee_minor >= 0),
        evidence jsonb NOT NULL,
        reasons_version integer NOT NULL,
        freight_version integer NOT NULL,
        authority_version integer,
        sealed_payee bytea,
        approved_minor bigint,
        approved_by jsonb NOT NULL,
        approved_at timestamptz,
        payment_key uuid UNIQUE,
        attempt integer NOT NULL CHECK (attempt >= 0),
        payment_reference text,
        failure text,
        paid_at timestamptz,
        grounds text,
        unfounded boolean,
        requested_by text NOT NULL,
        requested_by_staff_id uuid,
        requested_at timestamptz NOT NULL,
        ended_at timestamptz,
        event_seq bigint NOT NULL,
        CHECK (goods_minor + freight_minor - deducted_minor = amount_minor),
        CHECK ((parcel IS NULL) = (parcel_at IS NULL)),
        CHECK ((approved_at IS NULL) = (approved_minor IS NULL)),
        CHECK (amount_minor <= approved_minor OR status NOT IN ('paying', 'pay_failed', 'paid')),
        CHECK (approved_at IS NOT NULL OR status NOT IN ('approved', 'paying', 'pay_failed', 'paid')),
        CHECK (approved_at IS NOT NULL OR status <> 'waiting_for_goods' OR kind <> 'return_and_money'),
        CHECK (payment_key IS NOT NULL OR status NOT IN ('paying', 'pay_failed', 'paid')),
        CHECK ((paid_at IS NULL) = (payment_reference IS NULL)),
        CHECK (paid_at IS NOT NULL OR status <> 'paid'),
        CHECK ((grounds IS NOT NULL) = (status = 'refused')),
        CHECK ((ended_at IS NOT NULL) = (status IN ('closed', 'refused', 'withdrawn')))
    )
    """,
    "CREATE INDEX ix_refund_order ON refund (order_id, refund_id)",
    "CREATE INDEX ix_refund_shop ON refund (shop, refund_id)",
    "CREATE INDEX ix_refund_status ON refund (status, refund_id)",
    "CREATE INDEX ix_refund_kind ON refund (kind, refund_id)",
    "CREATE INDEX ix_refund_reason ON refund (reason, refund_id)",
    "CREATE INDEX ix_refund_account ON refund (account_id, refund_id) WHERE account_id IS NOT NULL",
    """
    CREATE TABLE refund_line (
        refund_id uuid NOT NULL REFERENCES refund,
        line_no integer NOT NULL CHECK (line_no > 0),
        order_id uuid NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        unopened boolean NOT NULL,
        taken boolean NOT NULL,
        counted integer NOT NULL CHECK (counted BETWEEN 0 AND quantity),
        goods_share_minor bigint NOT NULL CHECK (goods_share_minor >= 0),
        freight_share_minor bigint NOT NULL CHECK (freight_share_minor >= 0),
        goods_minor bigint NOT NULL CHECK (goods_minor BETWEEN 0 AND goods_share_minor),
        freight_minor bigint NOT NULL CHECK (freight_minor BETWEEN 0 AND freight_share_minor),
        deducted_minor bigint NOT NULL CHECK (deducted_minor BETWEEN 0 AND goods_minor),
        reserved_minor bigint NOT NULL CHECK (reserved_minor >= 0),
        PRIMARY KEY (refund_id, line_no)
    )
    """,
    "CREATE INDEX ix_refund_line_order ON refund_line (order_id, line_no)",
)
_WINDOWS = {
    "no_reason": ("customer", 7), "wrong_choice": ("customer", 7), "duplicate_order": ("customer", 7),
    "refused_delivery": ("customer", None), "quality": ("merchant", 15), "not_as_described": ("merchant", 15),
    "wrong_item": ("merchant", 15), "missing_part": ("merchant", 15), "late": ("merchant", 15),
    "damaged_in_transit": ("courier", 15),
}  # fmt: skip
_NEVER_ARRIVED = {
    "out_of_stock": ("merchant", "0.05"), "undeliverable_area": ("merchant", "0"),
    "lost_in_transit": ("courier", "0"), "misrouted": ("courier", "0"),
}  # fmt: skip
_POLICIES: dict[str, dict[str, Any]] = {
    "refund-reasons": {
        "reasons": {
            **{
                reason: {"fault": fault, "window_days": days, "never_arrived": False, "fee_share": "0"}
                for reason, (fault, days) in _WINDOWS.items()
            },
            **{
                reason: {"fault": fault, "window_days": None, "never_arrived": True, "fee_share": fee}
                for reason, (fault, fee) in _NEVER_ARRIVED.items()
            },
        },
        "excluded": [],
        "sealed_only": [],
    },
    "freight-table": {
        "cases": {
            "fault_return": {"out": "refunded", "back": "merchant", "again": None},
            "fault_exchange": {"out": "as_paid", "back": "merchant", "again": "merchant"},
            "no_reason_return": {"out": "as_paid", "back": "customer", "again": None},
            "no_reason_exchange": {"out": "as_paid", "back": "customer", "again": "merchant"},
            "never_arrived": {"out": "refunded", "back": None, "again": None},
            "resend": {"out": "as_paid", "back": None, "again": "merchant"},
            "goods_kept": {"out": "as_paid", "back": None, "again": None},
            "unshipped": {"out": "refunded", "back": None, "again": None},
        },
    },
}


def upgrade() -> None:
    """Make the tables, ship the policies."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
