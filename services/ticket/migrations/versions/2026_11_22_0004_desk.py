"""Groups, shifts, presence, routing and handovers."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0004_desk"
down_revision = "2026_11_22_0003_clocks"

_STATEMENTS = (
    """
    CREATE TABLE service_group (
        group_id uuid PRIMARY KEY,
        code text NOT NULL UNIQUE,
        name text NOT NULL,
        shops jsonb NOT NULL,
        kinds jsonb NOT NULL,
        categories jsonb NOT NULL,
        skills jsonb NOT NULL,
        status text NOT NULL CHECK (status IN ('active', 'retired')),
        created_by text NOT NULL,
        created_at timestamptz NOT NULL,
        version bigint NOT NULL
    )
    """,
    """
    CREATE TABLE group_member (
        group_id uuid NOT NULL REFERENCES service_group,
        staff_id uuid NOT NULL,
        skills jsonb NOT NULL,
        added_by text NOT NULL,
        added_at timestamptz NOT NULL,
        PRIMARY KEY (group_id, staff_id)
    )
    """,
    "CREATE INDEX ix_group_member_staff ON group_member (staff_id)",
    # The queue of a group: what is due first is given out first, chats for themselves.
    """
    CREATE INDEX ix_ticket_queued_chat ON ticket (group_code, due_at, ticket_id)
    WHERE assignee_staff_id IS NULL AND status IN ('new', 'open', 'waiting') AND channel = 'chat'
    """,
    """
    CREATE INDEX ix_ticket_queued ON ticket (group_code, due_at, ticket_id)
    WHERE assignee_staff_id IS NULL AND status IN ('new', 'open', 'waiting') AND channel <> 'chat'
    """,
    "CREATE SEQUENCE seat_given",
    """
    CREATE TABLE agent_seat (
        staff_id uuid PRIMARY KEY,
        open_tickets integer NOT NULL CHECK (open_tickets >= 0),
        open_chats integer NOT NULL CHECK (open_chats BETWEEN 0 AND open_tickets),
        given_no bigint NOT NULL,
        last_given_at timestamptz
    )
    """,
    # Who has work already sits down with it.
    """
    INSERT INTO agent_seat (staff_id, open_tickets, open_chats, given_no)
    SELECT assignee_staff_id, count(*), count(*) FILTER (WHERE channel = 'chat'), 0
    FROM ticket WHERE assignee_staff_id IS NOT NULL AND status IN ('new', 'open', 'waiting')
    GROUP BY assignee_staff_id
    """,
    """
    CREATE TABLE shift (
        shift_id uuid PRIMARY KEY,
        staff_id uuid NOT NULL,
        shop text NOT NULL,
        preset text,
        business_date date NOT NULL,
        planned_start timestamptz NOT NULL,
        planned_end timestamptz NOT NULL,
        segments jsonb NOT NULL,
        stays_on boolean NOT NULL,
        hands_over boolean NOT NULL,
        status text NOT NULL CHECK (status IN ('planned', 'started', 'ended', 'cancelled', 'missed')),
        presence text NOT NULL CHECK (presence IN ('off', 'available', 'away', 'meal')),
        presence_reason text,
        presence_since timestamptz,
        auto_reply_until timestamptz,
        started_at timestamptz,
        late_seconds integer CHECK (late_seconds >= 0),
        ended_at timestamptz,
        early_seconds integer CHECK (early_seconds >= 0),
        swap_id uuid,
        policy_version integer,
        planned_by text NOT NULL,
        planned_at timestamptz NOT NULL,
        version bigint NOT NULL,
        event_seq bigint NOT NULL,
        CHECK (planned_end > planned_start AND planned_end <= planned_start + interval '24 hours'),
        CHECK ((status = 'started') = (presence <> 'off')),
        CHECK ((status IN ('started', 'ended')) = (started_at IS NOT NULL)),
        CHECK ((status = 'ended') = (ended_at IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_shift_staff ON shift (staff_id, planned_start, shift_id)",
    "CREATE INDEX ix_shift_planned ON shift (planned_start, shift_id)",
    "CREATE INDEX ix_shift_shop ON shift (shop, planned_start, shift_id)",
    "CREATE INDEX ix_shift_status ON shift (status, planned_start, shift_id)",
    "CREATE INDEX ix_shift_shop_status ON shift (shop, status, planned_start, shift_id)",
    # One is on one shift at a time.
    "CREATE UNIQUE INDEX ux_shift_started ON shift (staff_id) WHERE status = 'started'",
    """
    CREATE TABLE shift_swap (
        swap_id uuid PRIMARY KEY,
        shop text NOT NULL,
        shift_id uuid NOT NULL REFERENCES shift,
        from_staff_id uuid NOT NULL,
        to_staff_id uuid NOT NULL CHECK (to_staff_id <> from_staff_id),
        return_shift_id uuid REFERENCES shift CHECK (return_shift_id <> shift_id),
        reason text,
        status text NOT NULL CHECK (status IN
            ('requested', 'agreed', 'approved', 'declined', 'refused', 'withdrawn')),
        requested_at timestamptz NOT NULL,
        answered_at timestamptz,
        decided_by text,
        decided_at timestamptz,
        decision_reason text,
        version bigint NOT NULL
    )
    """,
    "CREATE INDEX ix_shift_swap_status ON shift_swap (status, swap_id)",
    "CREATE INDEX ix_shift_swap_from ON shift_swap (from_staff_id, swap_id)",
    "CREATE INDEX ix_shift_swap_to ON shift_swap (to_staff_id, swap_id)",
    # Two live requests about one shift could both be approved.
    "CREATE UNIQUE INDEX ux_shift_swap_live ON shift_swap (shift_id) WHERE status IN ('requested', 'agreed')",
    """
    CREATE UNIQUE INDEX ux_shift_swap_return ON shift_swap (return_shift_id)
    WHERE status IN ('requested', 'agreed') AND return_shift_id IS NOT NULL
    """,
    """
    CREATE TABLE shift_leave (
        leave_id uuid PRIMARY KEY,
        shop text NOT NULL,
        staff_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('annual', 'sick', 'personal', 'other')),
        first_day date NOT NULL,
        last_day date NOT NULL CHECK (last_day >= first_day),
        cover_staff_id uuid CHECK (cover_staff_id <> staff_id),
        reason text,
        status text NOT NULL CHECK (status IN
            ('requested', 'agreed', 'approved', 'declined', 'refused', 'withdrawn')),
        requested_at timestamptz NOT NULL,
        answered_at timestamptz,
        decided_by text,
        decided_at timestamptz,
        decision_reason text,
        version bigint NOT NULL
    )
    """,
    "CREATE INDEX ix_shift_leave_status ON shift_leave (status, leave_id)",
    "CREATE INDEX ix_shift_leave_staff ON shift_leave (staff_id, first_day)",
    "CREATE INDEX ix_shift_leave_cover ON shift_leave (cover_staff_id, leave_id) WHERE cover_staff_id IS NOT NULL",
    """
    CREATE TABLE handover (
        handover_id uuid PRIMARY KEY,
        shift_id uuid NOT NULL UNIQUE REFERENCES shift,
        shop text NOT NULL,
        staff_id uuid NOT NULL,
        to_staff_id uuid CHECK (to_staff_id <> staff_id),
        to_shift_id uuid REFERENCES shift,
        notes text,
        status text NOT NULL CHECK (status IN ('drafted', 'signed', 'accepted', 'disputed')),
        due_at timestamptz NOT NULL,
        missed boolean NOT NULL,
        promises_due integer NOT NULL CHECK (promises_due >= 0),
        drafted_at timestamptz NOT NULL,
        signed_at timestamptz,
        answered_at timestamptz,
        dispute_reason text,
        version bigint NOT NULL,
        CHECK ((status = 'drafted') OR (to_staff_id IS NOT NULL AND signed_at IS NOT NULL)),
        CHECK ((status IN ('accepted', 'disputed')) = (answered_at IS NOT NULL)),
        CHECK ((status = 'disputed') = (dispute_reason IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_handover_staff ON handover (staff_id, handover_id)",
    "CREATE INDEX ix_handover_to ON handover (to_staff_id, handover_id) WHERE to_staff_id IS NOT NULL",
    "CREATE INDEX ix_handover_status ON handover (status, handover_id)",
    "CREATE INDEX ix_handover_shop ON handover (shop, handover_id)",
    "CREATE INDEX ix_handover_missed ON handover (handover_id) WHERE missed",
    """
    CREATE TABLE handover_item (
        handover_id uuid NOT NULL REFERENCES handover,
        kind text NOT NULL CHECK (kind IN ('ticket', 'order')),
        subject_id uuid NOT NULL,
        number text NOT NULL,
        due_at timestamptz,
        decision text NOT NULL CHECK (decision IN ('hand_over', 'keep', 'elsewhere')),
        to_staff_id uuid,
        note text,
        outcome text CHECK (outcome IN ('handed_over', 'kept', 'elsewhere', 'finished')),
        PRIMARY KEY (handover_id, kind, subject_id),
        CHECK ((decision = 'elsewhere') = (to_staff_id IS NOT NULL))
    )
    """,
)
_POLICIES: dict[str, dict[str, Any]] = {
    "routing-rules": {
        "rules": [
            {
                "kinds": [], "categories": [], "shops": [], "tiers": ["key"], "channels": [], "skills": [],
                "needs": [], "group": "key",
            }
        ],
        "fallback": "service",
        "overflow": "overflow",
    },
    "desk-load": {"open_chats": 20, "open_tickets": None, "hand_assignment_may_exceed": False},
    "shift-presets": {
        "zone": "Asia/Shanghai",
        "presets": {
            "a-day": {
                "zh": "A 白班",
                "en": "A day",
                "segments": [
                    {"starts": "09:00", "ends": "12:00", "duty": "service"},
                    {"starts": "12:30", "ends": "16:30", "duty": "service"},
                ],
                "stays_on": False,
                "hands_over": True,
            },
            "a-evening": {
                "zh": "A 晚班",
                "en": "A evening",
                "segments": [
                    {"starts": "15:30", "ends": "16:15", "duty": "warehouse"},
                    {"starts": "16:15", "ends": "17:30", "duty": "service"},
                    {"starts": "18:00", "ends": "23:00", "duty": "service"},
                ],
                "stays_on": True,
                "hands_over": True,
            },
            "b-early": {
                "zh": "B 早班",
                "en": "B early",
                "segments": [{"starts": "09:00", "ends": "20:00", "duty": "service"}],
                "stays_on": False,
                "hands_over": True,
            },
            "b-late": {
                "zh": "B 晚班",
                "en": "B late",
                "segments": [{"starts": "13:00", "ends": "24:00", "duty": "service"}],
                "stays_on": True,
                "hands_over": True,
            },
        },
    },
    "shift-rules": {
        "rest_days": 2,
        "in_days": 10,
        "early_start_minutes": 60,
        "close_after_minutes": 240,
        "meal_minutes": 20,
        "uncovered_after_minutes": 30,
    },
    "handover-rules": {"grace_minutes": 15, "about_to_start_minutes": 60, "promises_within_hours": 24},
}  # fmt: skip


def upgrade() -> None:
    """Make the tables, ship the default policies."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
