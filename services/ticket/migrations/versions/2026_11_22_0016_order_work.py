"""Confirmation, shipping, surcharges, changes of orders; the shops' accounts on their platforms."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0016_order_work"
down_revision = "2026_11_22_0015_returns"

_TO_SHIP = (
    "paid_at IS NOT NULL AND shipped_at IS NULL AND received_at IS NULL AND completed_at IS NULL"
    " AND cancelled_at IS NULL AND top_up_of IS NULL AND NOT historic AND NOT fake"
)
_STATEMENTS = (
    """
    ALTER TABLE shop_order
        ADD COLUMN freight_insured boolean NOT NULL DEFAULT false,
        ADD COLUMN surcharge_minor bigint NOT NULL DEFAULT 0
            CONSTRAINT ck_shop_order_surcharge CHECK (surcharge_minor BETWEEN 0 AND freight_minor),
        ADD COLUMN flag_changed_at timestamptz
    """,
    """
    UPDATE shop_order SET flag_changed_at = newest.flagged_at
    FROM (SELECT DISTINCT ON (order_id) order_id, flagged_at FROM order_flag ORDER BY order_id, flag_id DESC) newest
    WHERE newest.order_id = shop_order.order_id
    """,
    "CREATE INDEX ix_shop_order_top_up ON shop_order (shop, top_up_of, order_id) WHERE top_up_of IS NOT NULL",
    # The morning lists (T33, T35): each holds nothing but what may have to be listed.
    """
    CREATE INDEX ix_shop_order_problem ON shop_order (shop, flag_changed_at, order_id) WHERE flag_meaning = 'problem'
    """,
    f"""
    CREATE INDEX ix_shop_order_unflagged ON shop_order (shop, greatest(paid_at, flag_changed_at), order_id)
    WHERE flag_meaning IS NULL AND {_TO_SHIP}
    """,
    f"CREATE INDEX ix_shop_order_unshipped ON shop_order (shop, paid_at, order_id) WHERE {_TO_SHIP}",
    """
    CREATE TABLE order_confirmation (
        order_id uuid NOT NULL REFERENCES shop_order,
        step text NOT NULL,
        seen bytea NOT NULL,
        revision bigint NOT NULL,
        policy_version integer NOT NULL,
        ticked_by text NOT NULL,
        ticked_by_staff_id uuid,
        ticked_at timestamptz NOT NULL,
        PRIMARY KEY (order_id, step)
    )
    """,
    """
    CREATE TABLE order_surcharge (
        order_id uuid PRIMARY KEY REFERENCES shop_order,
        courier text NOT NULL,
        region text,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        fee_minor bigint NOT NULL CHECK (fee_minor >= 0),
        included_minor bigint NOT NULL CHECK (included_minor >= 0),
        surcharge_minor bigint NOT NULL CHECK (surcharge_minor = greatest(fee_minor - included_minor, 0)),
        policy_version integer NOT NULL,
        noted_by text NOT NULL,
        noted_by_staff_id uuid,
        noted_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE order_change (
        change_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL REFERENCES ticket,
        order_id uuid NOT NULL REFERENCES shop_order,
        shop text NOT NULL,
        order_no text NOT NULL,
        account_id uuid NOT NULL,
        status text NOT NULL CHECK (status IN
            ('requested', 'topping_up', 'agreed', 'refunding', 'confirmed', 'refused', 'withdrawn')),
        revision bigint NOT NULL CHECK (revision >= 1),
        terms bytea NOT NULL,
        kinds jsonb NOT NULL,
        lines jsonb NOT NULL,
        courier_before text,
        courier text,
        surcharge_minor bigint NOT NULL CHECK (surcharge_minor >= 0),
        sealed_recipient bytea,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        due_minor bigint NOT NULL CHECK (due_minor >= 0),
        difference_minor bigint NOT NULL CHECK (due_minor + difference_minor >= 0),
        reflected_minor bigint,
        reason text NOT NULL,
        activity text,
        charged_to_staff_id uuid,
        payment_key uuid UNIQUE,
        attempt integer NOT NULL CHECK (attempt >= 1),
        requested_by text NOT NULL,
        requested_by_staff_id uuid,
        requested_at timestamptz NOT NULL,
        agreed_at timestamptz,
        refunded_at timestamptz,
        confirmed_at timestamptz,
        confirmed_revision bigint,
        grounds text,
        policy_version integer NOT NULL,
        version bigint NOT NULL,
        CHECK ((status = 'confirmed') = (confirmed_revision IS NOT NULL)),
        CHECK ((status = 'confirmed') = (reflected_minor IS NOT NULL)),
        CHECK (status NOT IN ('refunding', 'agreed') OR agreed_at IS NOT NULL),
        CHECK (payment_key IS NULL OR difference_minor < 0)
    )
    """,
    # One change of an order at a time: the next one starts from what this one leaves behind.
    """
    CREATE UNIQUE INDEX uq_order_change_open ON order_change (order_id)
    WHERE status IN ('requested', 'topping_up', 'agreed', 'refunding')
    """,
    "CREATE INDEX ix_order_change_order ON order_change (order_id, change_id)",
    "CREATE INDEX ix_order_change_ticket ON order_change (ticket_id, change_id)",
    "CREATE INDEX ix_order_change_account ON order_change (account_id, change_id)",
    "CREATE INDEX ix_order_change_shop ON order_change (shop, change_id)",
    "CREATE INDEX ix_order_change_shop_status ON order_change (shop, status, change_id)",
    "CREATE INDEX ix_order_change_status ON order_change (status, change_id)",
    """
    CREATE TABLE shop_account (
        shop_account_id uuid PRIMARY KEY,
        shop text NOT NULL,
        name text NOT NULL,
        status text NOT NULL CHECK (status IN ('signed_out', 'signed_in', 'retired')),
        assigned_staff_id uuid NOT NULL,
        delegate_staff_id uuid CHECK (delegate_staff_id <> assigned_staff_id),
        signed_in_staff_id uuid,
        since timestamptz NOT NULL,
        seen_at timestamptz,
        made_by text NOT NULL,
        made_at timestamptz NOT NULL,
        version bigint NOT NULL,
        UNIQUE (shop, name),
        CHECK ((status = 'signed_in') = (signed_in_staff_id IS NOT NULL)),
        CHECK (status <> 'signed_in' OR seen_at IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_shop_account_shop ON shop_account (shop, shop_account_id)",
    "CREATE INDEX ix_shop_account_watched ON shop_account (shop_account_id) WHERE status <> 'retired'",
    "CREATE INDEX ix_shop_account_assigned ON shop_account (assigned_staff_id, shop_account_id)",
    """
    CREATE TABLE shop_account_alarm (
        alarm_id uuid PRIMARY KEY,
        shop_account_id uuid NOT NULL REFERENCES shop_account,
        shop text NOT NULL,
        unattended_since timestamptz NOT NULL,
        raised_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        times integer NOT NULL CHECK (times >= 1),
        ended_at timestamptz,
        ended_by_staff_id uuid
    )
    """,
    "CREATE UNIQUE INDEX uq_shop_account_alarm_open ON shop_account_alarm (shop_account_id) WHERE ended_at IS NULL",
    "CREATE INDEX ix_shop_account_alarm_shop ON shop_account_alarm (shop, alarm_id)",
    """
    CREATE TABLE sign_in_check (
        slot timestamptz PRIMARY KEY, found integer NOT NULL, checked_at timestamptz NOT NULL
    )
    """,
)


def _step(code: str, zh: str, en: str, *facts: str) -> dict[str, Any]:
    return {"code": code, "zh": zh, "en": en, "facts": list(facts), "required": True}


_NEAR = {"中通": "8.00", "圆通": "8.00", "韵达": "8.00", "EMS": "15.00", "京东": "14.00", "顺丰": "16.00"}
_FAR = {"中通": "12.00", "圆通": "12.00", "韵达": "12.00", "EMS": "20.00", "京东": "20.00", "顺丰": "23.00"}
_REMOTE = {"中通": "20.00", "圆通": "20.00", "EMS": "25.00", "顺丰": "30.00"}
_POLICIES: dict[str, dict[str, Any]] = {
    "order-confirmation": {
        "steps": [
            _step("amount", "核对金额", "the amount", "amount"),
            _step("item_number", "核对货号", "the item numbers", "articles"),
            _step("colour", "核对颜色尺码", "colour and size", "options"),
            _step("address", "核对收货地址", "the address", "address"),
            _step("contact", "核对收货人与电话", "the contact", "contact"),
            _step("courier_reaches", "快递可到达", "the courier reaches the address", "courier", "address"),
            _step("dispatch_told", "已告知发货时间", "the dispatch time was told"),
        ],
        "unpaid_methods": ["cash_on_delivery"],
    },
    "dispatch-rules": {
        "print_runs": ["12:00", "15:00", "17:00"],
        "cut_off": "17:00",
        "keeps_calendar": True,
        "dispatch": {"least": 1, "most": 2},
        "transit": {"least": 3, "most": 5},
    },
    "order-worklists": {"problem_hours": 24, "unflagged_hours": 24, "unshipped_hours": 48},
    "courier-freight": {
        "currency": "CNY",
        "included": ["中通", "圆通", "韵达"],
        "zones": [
            {"name": "江浙沪", "regions": ["江苏", "浙江", "上海"], "fees": _NEAR},
            {"name": "偏远地区", "regions": ["西藏", "新疆", "青海", "内蒙古"], "fees": _REMOTE},
        ],
        "elsewhere": _FAR,
    },
    "order-changes": {
        "reasons": {
            "buyer_asked": {"zh": "买家要求", "en": "the buyer asked", "charged": False},
            "out_of_stock": {"zh": "缺货调换", "en": "out of stock", "charged": False},
            "activity": {"zh": "店铺活动", "en": "an activity of the shop", "charged": False},
            "wrong_price": {"zh": "改错价格", "en": "a price was set wrongly", "charged": True},
            "shop_error": {"zh": "店铺填错", "en": "an error of the shop", "charged": False},
        }
    },
    "shop-account-watch": {
        "every_minutes": 30,
        "silent_minutes": 10,
        "hours": [{"opens": "09:00", "closes": "24:00"}],
    },
}


def upgrade() -> None:
    """Make the columns, tables and indexes, ship the policies."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
