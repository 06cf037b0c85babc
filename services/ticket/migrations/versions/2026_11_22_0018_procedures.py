"""Procedures and their ticks."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0018_procedures"
down_revision = "2026_11_22_0017_service_requests"

_STATEMENTS = (
    """
    CREATE TABLE ticket_procedure (
        ticket_id uuid NOT NULL REFERENCES ticket,
        procedure text NOT NULL,
        name_zh text NOT NULL,
        name_en text NOT NULL,
        policy_shop text NOT NULL,
        policy_version integer NOT NULL CHECK (policy_version >= 1),
        started_by text NOT NULL,
        started_at timestamptz NOT NULL,
        PRIMARY KEY (ticket_id, procedure)
    )
    """,
    """
    CREATE TABLE ticket_procedure_step (
        ticket_id uuid NOT NULL,
        procedure text NOT NULL,
        step text NOT NULL,
        place integer NOT NULL,
        name_zh text NOT NULL,
        name_en text NOT NULL,
        required boolean NOT NULL,
        ticked_at timestamptz,
        ticked_by text,
        ticked_by_staff_id uuid,
        PRIMARY KEY (ticket_id, procedure, step),
        FOREIGN KEY (ticket_id, procedure) REFERENCES ticket_procedure,
        CHECK ((ticked_at IS NULL) = (ticked_by IS NULL)),
        CHECK (ticked_by_staff_id IS NULL OR ticked_at IS NOT NULL)
    )
    """,
    # What keeps a ticket from being solved, and nothing else.
    """
    CREATE INDEX ix_ticket_procedure_step_open ON ticket_procedure_step (ticket_id)
    WHERE required AND ticked_at IS NULL
    """,
)
# Code, what it is called, on which tickets it stands by itself, its steps.
_PROCEDURES: tuple[tuple[str, str, str, dict[str, Any], tuple[tuple[str, str, str], ...]], ...] = (
    (
        "cash-on-delivery",
        "货到付款",
        "Cash on delivery",
        {
            "kinds": ["inquiry", "service_request"],
            "payment_methods": ["cod", "cash_on_delivery"],
            "order_stages": ["unpaid", "paid"],
        },
        (
            ("one-order", "同一顾客的订单已合并为一单", "The customer's orders are merged into one"),
            ("courier-supports", "快递支持该地址货到付款", "The courier takes cash on delivery at the address"),
            ("phoned", "已电话与顾客确认", "Confirmed with the customer by phone"),
            ("ship", "已通知仓库发货", "The warehouse was told to ship"),
        ),
    ),
    (
        "change-after-payment",
        "付款后更换颜色或尺码",
        "Change of colour or size after payment",
        {"kinds": ["inquiry", "service_request"], "categories": ["change-colour-size"], "order_stages": ["paid"]},
        (
            ("in-stock", "所换款式有货", "The wanted variant is in stock"),
            ("difference", "差价已结清", "The difference in price is settled"),
            ("order-changed", "订单已修改并备注", "The order is changed and remarked"),
            ("warehouse-told", "打单前已通知仓库", "The warehouse was told before the print run"),
            ("confirmed", "已与顾客核对新款式", "The new variant is confirmed with the customer"),
        ),
    ),
    (
        "change-of-address",
        "更改收货地址",
        "Change of address",
        {"kinds": ["inquiry", "service_request"], "categories": ["change-address"]},
        (
            ("same-account", "由下单账号提出", "Asked for by the account that ordered"),
            ("not-shipped", "包裹尚未发出或已拦截", "The parcel has not left, or was stopped"),
            ("courier-reaches", "快递可送达新地址", "The courier reaches the new address"),
            ("freight", "运费差额已结清", "The difference in freight is settled"),
            ("confirmed", "已与顾客逐字核对新地址", "The new address is read back to the customer"),
        ),
    ),
    (
        "courier-surcharge",
        "指定快递补差价",
        "Surcharge for another courier",
        {"kinds": ["inquiry", "service_request"], "categories": ["courier-surcharge"]},
        (
            ("courier-reaches", "所选快递可送达", "The chosen courier reaches the address"),
            ("surcharge-told", "已告知应补差价", "The customer knows the surcharge"),
            ("topped-up", "补差价订单已付款", "The top-up order is paid"),
            ("noted", "两张订单均已备注", "Both orders are remarked"),
            ("warehouse-told", "已通知仓库改用该快递", "The warehouse was told the courier"),
        ),
    ),
)
_WHEN: dict[str, Any] = {"kinds": [], "categories": [], "payment_methods": [], "order_stages": []}


def upgrade() -> None:
    """Make the tables, ship the policy."""
    for statement in _STATEMENTS:
        op.execute(statement)
    procedures = [
        {
            "code": code,
            "name": {"zh": zh, "en": en},
            "when": _WHEN | dict(when),
            "steps": [
                {"code": step, "name": {"zh": step_zh, "en": step_en}, "required": True}
                for step, step_zh, step_en in steps
            ],
        }
        for code, zh, en, when, steps in _PROCEDURES
    ]
    ship_policies(op.execute, {"procedures": {"procedures": procedures}})
