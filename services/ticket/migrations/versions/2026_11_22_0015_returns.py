"""Goods that come back, and replacements."""

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0015_returns"
down_revision = "2026_11_22_0014_refunds"

_INBOUND = (
    """
    CREATE TABLE return_parcel (
        parcel_id uuid PRIMARY KEY,
        refund_id uuid NOT NULL REFERENCES refund,
        shop text NOT NULL,
        account_id uuid,
        status text NOT NULL CHECK (status IN ('on_the_way', 'searched', 'found', 'arrived', 'lost')),
        carrier text NOT NULL,
        sealed_tracking bytea NOT NULL,
        tracking_hash bytea NOT NULL,
        slip boolean NOT NULL,
        freight_minor bigint CHECK (freight_minor >= 0),
        announced_at timestamptz NOT NULL,
        announced_by text NOT NULL,
        searched_at timestamptz,
        arrived_at timestamptz,
        lost_at timestamptz,
        lost_by text CHECK (lost_by IN ('courier', 'warehouse', 'sender')),
        CHECK (status NOT IN ('searched', 'found') OR searched_at IS NOT NULL),
        CHECK (status <> 'arrived' OR arrived_at IS NOT NULL),
        CHECK (status <> 'lost' OR lost_by IS NOT NULL),
        CHECK ((lost_at IS NULL) = (lost_by IS NULL))
    )
    """,
    "CREATE INDEX ix_return_parcel_refund ON return_parcel (refund_id, parcel_id)",
    "CREATE INDEX ix_return_parcel_shop ON return_parcel (shop, parcel_id)",
    "CREATE INDEX ix_return_parcel_status ON return_parcel (status, parcel_id)",
    "CREATE INDEX ix_return_parcel_tracking ON return_parcel (tracking_hash, parcel_id)",
    """
    CREATE TABLE return_parcel_line (
        parcel_id uuid NOT NULL REFERENCES return_parcel,
        line_no integer NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (parcel_id, line_no)
    )
    """,
    """
    CREATE TABLE return_receipt (
        receipt_id uuid PRIMARY KEY,
        refund_id uuid NOT NULL REFERENCES refund,
        parcel_id uuid REFERENCES return_parcel,
        slip_found boolean,
        surplus integer NOT NULL CHECK (surplus >= 0),
        note text,
        received_at timestamptz NOT NULL,
        received_by text NOT NULL
    )
    """,
    "CREATE INDEX ix_return_receipt_refund ON return_receipt (refund_id, receipt_id)",
    """
    CREATE TABLE return_receipt_line (
        receipt_id uuid NOT NULL REFERENCES return_receipt,
        line_no integer NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (receipt_id, line_no)
    )
    """,
    """
    CREATE TABLE return_inspection (
        inspection_id uuid PRIMARY KEY,
        refund_id uuid NOT NULL REFERENCES refund,
        round integer NOT NULL CHECK (round > 0),
        passed boolean NOT NULL,
        fault text NOT NULL CHECK (fault IN ('customer', 'merchant', 'courier')),
        fault_before text CHECK (fault_before <> fault),
        fault_reason text,
        note text,
        inspected_at timestamptz NOT NULL,
        inspected_by text NOT NULL,
        CHECK ((fault_before IS NULL) = (fault_reason IS NULL)),
        UNIQUE (refund_id, round)
    )
    """,
    """
    CREATE TABLE return_inspection_line (
        inspection_id uuid NOT NULL REFERENCES return_inspection,
        line_no integer NOT NULL,
        sound integer NOT NULL CHECK (sound >= 0),
        damaged integer NOT NULL CHECK (damaged >= 0),
        missing integer NOT NULL CHECK (missing >= 0),
        not_ours integer NOT NULL CHECK (not_ours >= 0),
        lost integer NOT NULL CHECK (lost >= 0),
        deducted_minor bigint NOT NULL CHECK (deducted_minor >= 0),
        CHECK (deducted_minor = 0 OR damaged > 0),
        PRIMARY KEY (inspection_id, line_no)
    )
    """,
)
_ADDED_ONLY = ("return_receipt", "return_receipt_line", "return_inspection", "return_inspection_line")
_EXCHANGE = (
    """
    CREATE TABLE exchange (
        exchange_id uuid PRIMARY KEY REFERENCES refund,
        shop text NOT NULL,
        account_id uuid,
        status text NOT NULL CHECK (status IN
            ('ready', 'unpaid', 'unsettled', 'out_of_stock', 'sent', 'received', 'settled_in_money')),
        difference_minor bigint NOT NULL,
        again_minor bigint NOT NULL CHECK (again_minor >= 0),
        topped_up_minor bigint NOT NULL CHECK (topped_up_minor >= 0),
        times_lost integer NOT NULL CHECK (times_lost >= 0),
        began_at timestamptz NOT NULL,
        chosen_at timestamptz,
        owed_since timestamptz,
        sent_at timestamptz,
        received_at timestamptz,
        event_seq bigint NOT NULL,
        CHECK (status <> 'ready' OR difference_minor <= topped_up_minor),
        CHECK ((status = 'unpaid') <= (difference_minor > topped_up_minor)),
        CHECK ((status = 'unpaid') = (owed_since IS NOT NULL)),
        CHECK (status NOT IN ('sent', 'received') OR sent_at IS NOT NULL),
        CHECK ((status = 'received') = (received_at IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_exchange_shop ON exchange (shop, exchange_id)",
    "CREATE INDEX ix_exchange_status ON exchange (status, exchange_id)",
    "CREATE INDEX ix_exchange_account ON exchange (account_id, exchange_id) WHERE account_id IS NOT NULL",
    """
    CREATE TABLE exchange_article (
        exchange_id uuid NOT NULL REFERENCES exchange,
        place integer NOT NULL,
        line_no integer NOT NULL,
        sku text NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        unit_price_minor bigint CHECK (unit_price_minor >= 0),
        PRIMARY KEY (exchange_id, place),
        UNIQUE (exchange_id, line_no, sku)
    )
    """,
    """
    CREATE TABLE exchange_top_up (
        order_id uuid PRIMARY KEY REFERENCES shop_order,
        exchange_id uuid NOT NULL REFERENCES exchange,
        order_no text NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        linked_at timestamptz NOT NULL,
        linked_by text NOT NULL
    )
    """,
    "CREATE INDEX ix_exchange_top_up_exchange ON exchange_top_up (exchange_id, order_id)",
    """
    CREATE TABLE exchange_call (
        call_id uuid PRIMARY KEY,
        exchange_id uuid NOT NULL REFERENCES exchange,
        result text NOT NULL CHECK (result IN ('another_article', 'money', 'waits', 'missed')),
        note text,
        staff_id uuid,
        called_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_exchange_call_exchange ON exchange_call (exchange_id, call_id)",
    """
    CREATE TABLE exchange_sending (
        sending_id uuid PRIMARY KEY,
        exchange_id uuid NOT NULL REFERENCES exchange,
        courier text NOT NULL,
        sealed_tracking bytea,
        order_no text,
        ahead boolean NOT NULL,
        sent_at timestamptz NOT NULL,
        sent_by text NOT NULL,
        lost_at timestamptz,
        received_at timestamptz,
        CHECK (lost_at IS NULL OR received_at IS NULL)
    )
    """,
    "CREATE INDEX ix_exchange_sending_exchange ON exchange_sending (exchange_id, sending_id)",
    # One parcel of a replacement is on its way, or with the customer, at a time.
    "CREATE UNIQUE INDEX uq_exchange_sending_under_way ON exchange_sending (exchange_id) WHERE lost_at IS NULL",
)
_REFUSE = """
CREATE FUNCTION returns_are_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are only ever added', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    """Make the tables, let nobody change what was counted and found, ship the policy."""
    for statement in (*_INBOUND, *_EXCHANGE, _REFUSE):
        op.execute(statement)
    for table in _ADDED_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION returns_are_only_added()"
        )
    ship_policies(op.execute, {"exchange-rules": {"top_up_hours": 72}})
