"""Complaints: the closed loop."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0005_complaints"
down_revision = "2026_11_22_0004_desk"

_STATEMENTS = (
    # What a stage needs is there, whoever writes (T11).
    """
    CREATE TABLE complaint (
        complaint_id uuid PRIMARY KEY REFERENCES ticket,
        number text NOT NULL,
        shop text NOT NULL,
        account_id uuid,
        order_id uuid REFERENCES shop_order,
        category text NOT NULL CHECK (category IN ('quality', 'service', 'general', 'emergency')),
        subtype text,
        stage text NOT NULL CHECK (stage IN
            ('recorded', 'judged', 'responsibility_fixed', 'cause_found', 'solution_proposed', 'customer_informed',
             'verified_inside', 'called_back', 'closed', 'unreachable', 'withdrawn', 'cancelled')),
        occurred_at timestamptz NOT NULL,
        wish text NOT NULL,
        against_staff_id uuid,
        nature text NOT NULL CHECK (nature IN ('founded', 'unfounded', 'undetermined')),
        severity integer CHECK (severity BETWEEN 1 AND 4),
        judged_by_staff_id uuid,
        judged_at timestamptz,
        unit_id uuid,
        responsible_staff_id uuid,
        cause_code text,
        cause text,
        grade text NOT NULL CHECK (grade IN ('ordinary', 'repeat', 'malignant')),
        linked_ticket_id uuid REFERENCES ticket,
        round integer NOT NULL CHECK (round >= 0),
        promised_for timestamptz,
        due_at timestamptz,
        verified_at timestamptz,
        promise_kept boolean,
        times_not_settled integer NOT NULL CHECK (times_not_settled >= 0),
        times_not_carried_out integer NOT NULL CHECK (times_not_carried_out >= 0),
        times_unsatisfied integer NOT NULL CHECK (times_unsatisfied >= 0),
        times_missed integer NOT NULL CHECK (times_missed >= 0),
        times_reopened integer NOT NULL CHECK (times_reopened >= 0),
        first_missed_on date,
        injury_or_safety boolean NOT NULL,
        media_or_regulator boolean NOT NULL,
        loss_minor bigint CHECK (loss_minor >= 0),
        loss_currency text CHECK (loss_currency ~ '^[A-Z]{3}$'),
        handled_by_staff_id uuid,
        month text NOT NULL CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        event_seq bigint NOT NULL,
        CONSTRAINT ck_complaint_judged CHECK (
            stage IN ('recorded', 'withdrawn', 'cancelled') OR (severity IS NOT NULL AND judged_at IS NOT NULL)),
        CONSTRAINT ck_complaint_responsible CHECK (
            stage IN ('recorded', 'judged', 'withdrawn', 'cancelled') OR unit_id IS NOT NULL OR nature <> 'founded'),
        CONSTRAINT ck_complaint_explained CHECK (
            stage IN ('recorded', 'judged', 'responsibility_fixed', 'withdrawn', 'cancelled')
            OR (cause_code IS NOT NULL AND cause IS NOT NULL)),
        CONSTRAINT ck_complaint_proposed CHECK (
            stage NOT IN ('solution_proposed', 'customer_informed', 'verified_inside', 'called_back', 'closed',
                          'unreachable')
            OR (round >= 1 AND promised_for IS NOT NULL)),
        CONSTRAINT ck_complaint_informed CHECK (
            stage NOT IN ('customer_informed', 'verified_inside') OR due_at IS NOT NULL),
        CONSTRAINT ck_complaint_verified CHECK (
            stage NOT IN ('verified_inside', 'called_back', 'closed', 'unreachable') OR verified_at IS NOT NULL),
        CONSTRAINT ck_complaint_ended CHECK (
            (stage IN ('closed', 'unreachable', 'withdrawn', 'cancelled')) = (closed_at IS NOT NULL)),
        CONSTRAINT ck_complaint_missed CHECK ((times_missed > 0) = (first_missed_on IS NOT NULL)),
        CONSTRAINT ck_complaint_loss CHECK ((loss_minor IS NULL) = (loss_currency IS NULL))
    )
    """,
    "CREATE INDEX ix_complaint_shop ON complaint (shop, complaint_id)",
    "CREATE INDEX ix_complaint_stage ON complaint (stage, complaint_id)",
    "CREATE INDEX ix_complaint_shop_stage ON complaint (shop, stage, complaint_id)",
    "CREATE INDEX ix_complaint_grade ON complaint (grade, complaint_id)",
    "CREATE INDEX ix_complaint_category ON complaint (category, complaint_id)",
    "CREATE INDEX ix_complaint_unit ON complaint (unit_id, complaint_id) WHERE unit_id IS NOT NULL",
    """
    CREATE INDEX ix_complaint_responsible ON complaint (responsible_staff_id, complaint_id)
    WHERE responsible_staff_id IS NOT NULL
    """,
    "CREATE INDEX ix_complaint_month ON complaint (month, complaint_id)",
    "CREATE INDEX ix_complaint_month_stage ON complaint (month, stage, complaint_id)",
    "CREATE INDEX ix_complaint_account ON complaint (account_id, complaint_id) WHERE account_id IS NOT NULL",
    # The last complaint about the same order and category (T13).
    "CREATE INDEX ix_complaint_order ON complaint (order_id, category, closed_at) WHERE order_id IS NOT NULL",
    # What was promised and is not confirmed yet (T16).
    """
    CREATE INDEX ix_complaint_due ON complaint (due_at, complaint_id) WHERE due_at IS NOT NULL AND verified_at IS NULL
    """,
    """
    CREATE INDEX ix_complaint_shop_due ON complaint (shop, due_at, complaint_id)
    WHERE due_at IS NOT NULL AND verified_at IS NULL
    """,
    "CREATE STATISTICS st_complaint (mcv) ON shop, stage, grade, category FROM complaint",
    "ALTER STATISTICS st_complaint SET STATISTICS 1000",
    """
    CREATE TABLE complaint_judgement (
        judgement_id uuid PRIMARY KEY,
        complaint_id uuid NOT NULL REFERENCES complaint,
        nature text NOT NULL,
        severity integer NOT NULL,
        reason text,
        judged_by text NOT NULL,
        judged_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_complaint_judgement ON complaint_judgement (complaint_id, judged_at)",
    """
    CREATE TABLE complaint_responsibility (
        responsibility_id uuid PRIMARY KEY,
        complaint_id uuid NOT NULL REFERENCES complaint,
        unit_id uuid,
        staff_id uuid,
        reason text,
        fixed_by text NOT NULL,
        fixed_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_complaint_responsibility ON complaint_responsibility (complaint_id, fixed_at)",
    """
    CREATE TABLE complaint_grading (
        grading_id uuid PRIMARY KEY,
        complaint_id uuid NOT NULL REFERENCES complaint,
        grade_before text NOT NULL,
        grade text NOT NULL,
        cause text NOT NULL,
        reason text,
        policy_version integer NOT NULL,
        graded_by text NOT NULL,
        graded_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_complaint_grading ON complaint_grading (complaint_id, graded_at)",
    """
    CREATE TABLE complaint_solution (
        complaint_id uuid NOT NULL REFERENCES complaint,
        round integer NOT NULL CHECK (round >= 1),
        solutions jsonb NOT NULL,
        details text NOT NULL,
        estimated_for timestamptz NOT NULL,
        buffer text NOT NULL,
        promised_for timestamptz NOT NULL CHECK (promised_for > proposed_at),
        policy_version integer NOT NULL,
        proposed_by text NOT NULL,
        proposed_by_staff_id uuid,
        proposed_at timestamptz NOT NULL,
        informed_manner text,
        informed_by text,
        informed_at timestamptz,
        PRIMARY KEY (complaint_id, round)
    )
    """,
    """
    CREATE TABLE complaint_check (
        check_id uuid PRIMARY KEY,
        complaint_id uuid NOT NULL REFERENCES complaint,
        round integer NOT NULL,
        result text NOT NULL CHECK (result IN ('settled', 'not_settled', 'not_carried_out')),
        confirmed_by text NOT NULL,
        note text,
        checked_by text NOT NULL,
        checked_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_complaint_check ON complaint_check (complaint_id, check_id)",
    """
    CREATE TABLE complaint_call (
        call_id uuid PRIMARY KEY,
        complaint_id uuid NOT NULL REFERENCES complaint,
        number text NOT NULL,
        shop text NOT NULL,
        month text NOT NULL,
        round integer NOT NULL,
        result text NOT NULL CHECK (result IN ('satisfied', 'unsatisfied', 'not_settled', 'missed')),
        manner text NOT NULL CHECK (manner IN ('call', 'message', 'visit')),
        note text,
        staff_id uuid,
        called_by text NOT NULL,
        called_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_complaint_call ON complaint_call (complaint_id, call_id)",
    "CREATE INDEX ix_complaint_call_month ON complaint_call (month, call_id)",
    "CREATE INDEX ix_complaint_call_shop ON complaint_call (shop, month, call_id)",
    """
    CREATE TABLE complaint_discipline (
        discipline_id uuid PRIMARY KEY,
        complaint_id uuid NOT NULL REFERENCES complaint,
        staff_id uuid NOT NULL,
        violation_code text NOT NULL,
        proposal text NOT NULL,
        proposed_by text NOT NULL,
        proposed_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_complaint_discipline ON complaint_discipline (complaint_id, discipline_id)",
    """
    CREATE TABLE complaint_improvement (
        improvement_id uuid PRIMARY KEY,
        complaint_id uuid NOT NULL REFERENCES complaint,
        number text NOT NULL,
        shop text NOT NULL,
        measure text NOT NULL,
        owner_staff_id uuid NOT NULL,
        due_on date NOT NULL,
        set_by text NOT NULL,
        set_at timestamptz NOT NULL,
        result text,
        done_by text,
        done_at timestamptz,
        CHECK ((done_at IS NULL) = (done_by IS NULL))
    )
    """,
    "CREATE INDEX ix_complaint_improvement ON complaint_improvement (complaint_id, improvement_id)",
    """
    CREATE INDEX ix_complaint_improvement_due ON complaint_improvement (due_on, improvement_id) WHERE done_at IS NULL
    """,
    "CREATE INDEX ix_complaint_improvement_shop ON complaint_improvement (shop, due_on, improvement_id)",
    "CREATE INDEX ix_complaint_improvement_done ON complaint_improvement (due_on, improvement_id)",
    "CREATE INDEX ix_complaint_improvement_owner ON complaint_improvement (owner_staff_id, due_on, improvement_id)",
    """
    CREATE TABLE complaint_letter (
        complaint_id uuid PRIMARY KEY REFERENCES complaint,
        language text NOT NULL CHECK (language IN ('zh', 'en')),
        parts jsonb NOT NULL,
        edited_by text NOT NULL,
        edited_at timestamptz NOT NULL,
        message_id uuid,
        sent_by text,
        sent_at timestamptz,
        version bigint NOT NULL,
        CHECK ((sent_at IS NULL) = (message_id IS NULL))
    )
    """,
    # The report of a month reads these few numbers instead of its complaints (T15). Few shops, many units and agents:
    # a month's measure lies together.
    """
    CREATE TABLE complaint_tally (
        month text NOT NULL,
        measure text NOT NULL,
        shop text NOT NULL,
        key text NOT NULL,
        complaints integer NOT NULL,
        PRIMARY KEY (month, measure, shop, key)
    )
    """,
    """
    CREATE TABLE emergency (
        emergency_id uuid PRIMARY KEY REFERENCES ticket,
        number text NOT NULL,
        shop text NOT NULL,
        account_id uuid,
        kind text NOT NULL CHECK (kind IN ('emergency', 'complaint')),
        status text NOT NULL CHECK (status IN ('reported', 'contained', 'closed', 'cancelled')),
        insurance text,
        claims text,
        opened_at timestamptz NOT NULL,
        contained_at timestamptz,
        contained_by text,
        measures text,
        alone boolean,
        elapsed_seconds bigint CHECK (elapsed_seconds >= 0),
        lateness text CHECK (lateness IN ('in_time', 'moderate', 'severe')),
        policy_version integer,
        event_seq bigint NOT NULL,
        CHECK ((contained_at IS NULL) = (lateness IS NULL)),
        CHECK (status NOT IN ('contained', 'closed') OR contained_at IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_emergency_shop ON emergency (shop, emergency_id)",
    "CREATE INDEX ix_emergency_status ON emergency (status, emergency_id)",
    "CREATE INDEX ix_emergency_account ON emergency (account_id, emergency_id) WHERE account_id IS NOT NULL",
    "CREATE INDEX ix_emergency_lateness ON emergency (lateness, emergency_id)",
)
_POLICIES: dict[str, dict[str, Any]] = {
    "complaint-grades": {
        "repeat_after": 2, "malignant_after": 4, "again_within_days": 30,
        "loss_limit": {"amount": "5000.00", "currency": "CNY"},
    },
    "complaint-promise": {"buffer": "1.50", "least": "1.00", "most": "3.00"},
    "complaint-callbacks": {"misses": 3, "over_business_days": 2},
    "complaint-subtypes": {"quality": [], "service": [], "general": [], "emergency": []},
    "callback-letter": {
        "zh": {
            "salutation": "尊敬的客户：您好！",
            "thanks": "感谢您告诉我们这件事。每一次投诉都是送给我们的礼物，让我们看到自己的不足。",
            "apology": "对于给您带来的不便，我们深表歉意：{cause}",
            "report": "我们已经为您办理：{solution}",
            "hope": "",
            "closing": "再次感谢您的理解与支持！",
            "signature": "{shop} 客服 {agent}\n{date} {hour} 时",
        },
        "en": {
            "salutation": "Dear customer,",
            "thanks": "Thank you for telling us. A complaint is a gift: it shows us where we fall short.",
            "apology": "We are sorry for the trouble we have caused you: {cause}",
            "report": "This is what we have done for you: {solution}",
            "hope": "",
            "closing": "Thank you again for your patience and your trust.",
            "signature": "{agent}, {shop}\n{date}, {hour}:00",
        },
    },
}  # fmt: skip


def upgrade() -> None:
    """Make the tables, ship the policies."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
