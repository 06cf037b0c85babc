"""Business calendars and the clocks of tickets."""

from datetime import date, timedelta
from typing import Any

import orjson
from alembic import op
from sqlalchemy import text

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0003_clocks"
down_revision = "2026_11_22_0002_ticket_core"

_STATEMENTS = (
    """
    CREATE TABLE holiday_year (
        region text NOT NULL,
        year integer NOT NULL CHECK (year BETWEEN 1970 AND 2200),
        days jsonb NOT NULL,
        version integer NOT NULL,
        saved_by text NOT NULL,
        saved_at timestamptz NOT NULL,
        PRIMARY KEY (region, year)
    )
    """,
    """
    CREATE TABLE clock (
        clock_id uuid PRIMARY KEY,
        kind text NOT NULL,
        ticket_id uuid NOT NULL,
        ticket_number text NOT NULL,
        ticket_kind text NOT NULL,
        shop text NOT NULL,
        tier text,
        owner_staff_id uuid,
        group_code text,
        unit_id uuid,
        status text NOT NULL CHECK (status IN
            ('running', 'paused', 'breached', 'breached_paused', 'met', 'dropped')),
        waiting boolean NOT NULL,
        by_hand boolean NOT NULL,
        target_seconds integer NOT NULL CHECK (target_seconds > 0),
        warn_seconds integer NOT NULL CHECK (warn_seconds BETWEEN 0 AND target_seconds),
        policy_name text NOT NULL,
        policy_shop text NOT NULL,
        policy_version integer NOT NULL,
        hours_shop text,
        hours_version integer,
        started_at timestamptz NOT NULL,
        running_since timestamptz,
        used interval NOT NULL,
        due_at timestamptz NOT NULL,
        warn_at timestamptz NOT NULL,
        wake_at timestamptz,
        warned_at timestamptz,
        breached_at timestamptz,
        ended_at timestamptz,
        version bigint NOT NULL,
        event_seq bigint NOT NULL,
        CHECK ((running_since IS NOT NULL) = (status IN ('running', 'breached'))),
        CHECK ((waiting OR by_hand) OR status NOT IN ('paused', 'breached_paused')),
        CHECK ((wake_at IS NOT NULL) = (status = 'running')),
        CHECK ((ended_at IS NOT NULL) = (status IN ('met', 'dropped'))),
        CHECK (breached_at IS NULL OR status NOT IN ('running', 'paused')),
        CHECK (breached_at IS NOT NULL OR status NOT IN ('breached', 'breached_paused')),
        CHECK ((hours_shop IS NULL) = (hours_version IS NULL))
    )
    """,
    # A ticket has at most one clock of a kind going.
    "CREATE UNIQUE INDEX ix_clock_unfinished ON clock (ticket_id, kind) WHERE ended_at IS NULL",
    "CREATE INDEX ix_clock_ticket ON clock (ticket_id, clock_id)",
    "CREATE INDEX ix_clock_wake ON clock (wake_at, clock_id) WHERE wake_at IS NOT NULL",
    "CREATE INDEX ix_clock_late ON clock (status, due_at, clock_id) WHERE ended_at IS NULL",
    "CREATE INDEX ix_clock_late_shop ON clock (shop, status, due_at, clock_id) WHERE ended_at IS NULL",
    "CREATE INDEX ix_clock_late_owner ON clock (owner_staff_id, status, due_at, clock_id) WHERE ended_at IS NULL",
    "CREATE INDEX ix_clock_late_group ON clock (group_code, status, due_at, clock_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE clock_fact (
        fact_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        clock_id uuid NOT NULL REFERENCES clock,
        kind text NOT NULL CHECK (kind IN
            ('started', 'paused', 'resumed', 'warned', 'breached', 'met', 'dropped', 'passed_on')),
        at timestamptz NOT NULL,
        noted_at timestamptz NOT NULL,
        author text NOT NULL,
        hold text CHECK (hold IN ('waiting', 'by_hand')),
        reason text,
        status text NOT NULL,
        used interval NOT NULL,
        due_at timestamptz NOT NULL,
        owner_staff_id uuid,
        group_code text,
        CHECK (kind <> 'paused' OR reason IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_clock_fact_clock ON clock_fact (clock_id, fact_id)",
    # Started, warned, breached, met or dropped it is once in its life.
    """
    CREATE UNIQUE INDEX ix_clock_fact_once ON clock_fact (clock_id, kind)
    WHERE kind IN ('started', 'warned', 'breached', 'met', 'dropped')
    """,
    # T47: facts are only ever added, whoever asks.
    """
    CREATE TRIGGER clock_fact_append_only BEFORE UPDATE OR DELETE ON clock_fact
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
    "CREATE TRIGGER clock_fact_no_truncate BEFORE TRUNCATE ON clock_fact EXECUTE FUNCTION refuse_change()",
    "REVOKE UPDATE, DELETE, TRUNCATE ON clock_fact FROM CURRENT_USER",
)
# Public holidays of China as the State Council announced them: name, first and last day off, make-up workdays.
_HOLIDAYS: dict[int, tuple[tuple[str, str, str, tuple[str, ...]], ...]] = {
    2022: (
        ("元旦", "01-01", "01-03", ()),
        ("春节", "01-31", "02-06", ("01-29", "01-30")),
        ("清明节", "04-03", "04-05", ("04-02",)),
        ("劳动节", "04-30", "05-04", ("04-24", "05-07")),
        ("端午节", "06-03", "06-05", ()),
        ("中秋节", "09-10", "09-12", ()),
        ("国庆节", "10-01", "10-07", ("10-08", "10-09")),
        ("元旦", "12-31", "12-31", ()),
    ),
    2023: (
        ("元旦", "01-01", "01-02", ()),
        ("春节", "01-21", "01-27", ("01-28", "01-29")),
        ("清明节", "04-05", "04-05", ()),
        ("劳动节", "04-29", "05-03", ("04-23", "05-06")),
        ("端午节", "06-22", "06-24", ("06-25",)),
        ("中秋节", "09-29", "09-29", ()),
        ("国庆节", "09-30", "10-06", ("10-07", "10-08")),
        ("元旦", "12-30", "12-31", ()),
    ),
    2024: (
        ("元旦", "01-01", "01-01", ()),
        ("春节", "02-10", "02-17", ("02-04", "02-18")),
        ("清明节", "04-04", "04-06", ("04-07",)),
        ("劳动节", "05-01", "05-05", ("04-28", "05-11")),
        ("端午节", "06-10", "06-10", ()),
        ("中秋节", "09-15", "09-17", ("09-14",)),
        ("国庆节", "10-01", "10-07", ("09-29", "10-12")),
    ),
    2025: (
        ("元旦", "01-01", "01-01", ()),
        ("春节", "01-28", "02-04", ("01-26", "02-08")),
        ("清明节", "04-04", "04-06", ()),
        ("劳动节", "05-01", "05-05", ("04-27",)),
        ("端午节", "05-31", "06-02", ()),
        ("国庆节、中秋节", "10-01", "10-08", ("09-28", "10-11")),
    ),
    2026: (
        ("元旦", "01-01", "01-03", ("01-04",)),
        ("春节", "02-15", "02-23", ("02-14", "02-28")),
        ("清明节", "04-04", "04-06", ()),
        ("劳动节", "05-01", "05-05", ("05-09",)),
        ("端午节", "06-19", "06-21", ()),
        ("中秋节", "09-25", "09-27", ()),
        ("国庆节", "10-01", "10-07", ("09-20", "10-10")),
    ),
}
_SEED = text("""
INSERT INTO holiday_year (region, year, days, version, saved_by, saved_at)
VALUES ('cn', :year, CAST(CAST(:days AS text) AS jsonb), 1, 'release', '1970-01-01T00:00:00Z')
""")
_HOUR = 3600
_OFFICE_DAY = [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:00", "closes": "18:00"}]
_RETURN = {
    "agree": 24 * _HOUR, "ship_back": 56 * _HOUR, "inspect": 24 * _HOUR, "pay_out": 8 * _HOUR,
    "call_back": 48 * _HOUR,
}  # fmt: skip


def _targets(first: int, following: int, solution: int) -> dict[str, int]:
    return {"first_reply": first * _HOUR, "next_reply": following * _HOUR, "solution": solution * _HOUR}


_POLICIES: dict[str, dict[str, Any]] = {
    "business-hours": {
        "zone": "Asia/Shanghai",
        "week": {**dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _OFFICE_DAY), "sat": [], "sun": []},
        "holidays": "cn",
    },
    "sla-targets": {
        "targets": {
            "complaint": _targets(1, 4, 24),
            "refund_unshipped": _targets(1, 4, 8),
            "return": _RETURN,
            "exchange": {**_RETURN, "resend": 24 * _HOUR},
            "resend": {"resend": 24 * _HOUR},
            "bad_review": {"first_reply": 4 * _HOUR, "solution": 24 * _HOUR},
            "merchant_report": _targets(4, 24, 72),
            "inquiry": _targets(2, 8, 24),
            "suggestion": {"solution": 120 * _HOUR},
            "fault_report": _targets(2, 8, 24),
            "emergency": {},
            "service_request": _targets(4, 8, 48),
        },
        "tier_factors": {"key": "0.50", "ordinary": "1.00", "small": "1.00", "bad": "1.00"},
        "warn_percent": 80,
        "paused_in_waiting": [
            "next_reply", "solution", "agree", "inspect", "pay_out", "call_back", "resend",
        ],
    },
    "first-reply-load": {
        "steps": [{"up_to": 5, "seconds": 60}, {"up_to": 10, "seconds": 300}, {"up_to": 20, "seconds": 600}],
        "overflow_seconds": 600,
    },
    "emergency-containment": {"in_time_seconds": 600, "moderate_seconds": 1800},
}  # fmt: skip


def upgrade() -> None:
    """Make the tables, seed the holidays that are announced, ship the policies."""
    for statement in _STATEMENTS:
        op.execute(statement)
    for year, holidays in _HOLIDAYS.items():
        days = orjson.dumps(_days(year, holidays)).decode()
        op.execute(_SEED.bindparams(year=year, days=days))
    ship_policies(op.execute, _POLICIES)


def _days(year: int, holidays: tuple[tuple[str, str, str, tuple[str, ...]], ...]) -> list[dict[str, str]]:
    days = []
    for name, first, last, make_up in holidays:
        day, end = (date.fromisoformat(f"{year}-{one}") for one in (first, last))
        while day <= end:
            days.append({"day": day.isoformat(), "kind": "holiday", "name": name})
            day += timedelta(days=1)
        days += [{"day": f"{year}-{one}", "kind": "workday", "name": name} for one in make_up]
    return sorted(days, key=lambda one: one["day"])
