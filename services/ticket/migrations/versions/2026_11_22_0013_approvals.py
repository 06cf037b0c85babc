"""Approvals and budgets.

The database holds by itself what the service promises (T28, T56): nobody approves what they asked for or wrote, one
person is one pair of eyes, what changes is approved anew, and nothing is approved by fewer or lesser people than the
matrix in force asks for the order's cumulative sum.
"""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0013_approvals"
down_revision = "2026_11_22_0012_books"

_TABLES = (
    # No reference to the order's row: checking it would lock that row after the ticket's and the book's, and whoever
    # corrects an order takes them the other way round.
    """
    CREATE TABLE approval_case (
        case_id uuid PRIMARY KEY,
        noun text NOT NULL,
        shop text NOT NULL,
        order_id uuid NOT NULL,
        account_id uuid,
        status text NOT NULL CHECK (status IN ('asked', 'approved', 'void')),
        requested_by_person text NOT NULL,
        written_by_person text NOT NULL,
        team_id uuid,
        content_version integer NOT NULL CHECK (content_version >= 1),
        content_digest bytea NOT NULL CHECK (octet_length(content_digest) = 32),
        reason text,
        tier text,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
        approved_minor bigint CHECK (approved_minor BETWEEN 0 AND amount_minor),
        approved_at timestamptz,
        month text CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
        policy_version integer,
        order_total_minor bigint,
        customer_total_minor bigint,
        opened_at timestamptz NOT NULL,
        CHECK (status <> 'approved' OR num_nulls(
            approved_minor, approved_at, month, policy_version, order_total_minor, customer_total_minor) = 0),
        CHECK (status <> 'asked' OR num_nonnulls(
            approved_minor, approved_at, month, policy_version, order_total_minor, customer_total_minor) = 0)
    )
    """,
    # Sums of an order, of an account's last days, of a team's month: each reads what counts and nothing else.
    """
    CREATE INDEX ix_approval_case_order ON approval_case (order_id) INCLUDE (approved_minor)
    WHERE status = 'approved'
    """,
    """
    CREATE INDEX ix_approval_case_account ON approval_case (account_id, approved_at)
    INCLUDE (approved_minor, currency) WHERE status = 'approved'
    """,
    """
    CREATE INDEX ix_approval_case_team ON approval_case (team_id, month) INCLUDE (approved_minor, currency)
    WHERE status = 'approved'
    """,
    """
    CREATE TABLE approval (
        case_id uuid NOT NULL REFERENCES approval_case,
        content_version integer NOT NULL,
        person text NOT NULL CHECK (person <> ''),
        step integer NOT NULL CHECK (step >= 1),
        roles jsonb NOT NULL CHECK (jsonb_typeof(roles) = 'array'),
        subject text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (case_id, content_version, person),
        UNIQUE (case_id, content_version, step)
    )
    """,
    """
    CREATE TABLE budget_spent (
        team_id uuid NOT NULL,
        month text NOT NULL CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        spent_minor bigint NOT NULL CHECK (spent_minor >= 0),
        PRIMARY KEY (month, team_id, currency)
    )
    """,
)
_HELPERS = (
    # A trigger refuses as a CHECK would: with the name of what was broken.
    """
    CREATE FUNCTION refuse_by(rule text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN RAISE check_violation USING MESSAGE = 'refused by ' || rule, CONSTRAINT = rule; END $$
    """,
    # As kit.money.exponent has it (ISO 4217).
    """
    CREATE FUNCTION minor_units(currency text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE
            WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND',
                'VUV', 'XAF', 'XOF', 'XPF') THEN 1
            WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000
            WHEN currency = 'CLF' THEN 10000
            ELSE 100
        END::numeric
    $$
    """,
    """
    CREATE FUNCTION policy_document(wanted text, of_shop text, moment timestamptz, OUT version integer,
        OUT document jsonb) LANGUAGE sql STABLE AS $$
        SELECT p.version, p.document FROM policy p
        WHERE p.name = wanted AND p.shop IN (of_shop, 'main') AND p.effective_from <= moment
            AND p.withdrawn_at IS NULL
        ORDER BY (p.shop = of_shop) DESC, p.effective_from DESC LIMIT 1
    $$
    """,
    # Whether the approvals of a case's present content are those of the roles named, each of another person.
    """
    CREATE FUNCTION approved_by(c approval_case, first_one text[], second_one text[]) RETURNS boolean
    LANGUAGE sql STABLE AS $$
        SELECT EXISTS (
            SELECT FROM approval a
            WHERE a.case_id = c.case_id AND a.content_version = c.content_version AND a.roles ?| first_one
                AND (second_one IS NULL OR EXISTS (
                    SELECT FROM approval b
                    WHERE b.case_id = c.case_id AND b.content_version = c.content_version AND b.person <> a.person
                        AND b.roles ?| second_one
                ))
        )
    $$
    """,
    """
    CREATE FUNCTION expect_authority(c approval_case) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        matrix record;
        budgets record;
        rule jsonb;
        scale numeric;
        of_order bigint;
        of_account bigint;
        of_team bigint;
        foreign_money boolean;
        two boolean;
        reaching text[];
        second_one text[];
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('approvals of the order ' || c.order_id, 17));
        SELECT * INTO matrix FROM policy_document('refund-authority', c.shop, c.approved_at);
        IF matrix.version IS DISTINCT FROM c.policy_version THEN
            PERFORM refuse_by('approval_by_policy_in_force');
        END IF;
        SELECT c.amount_minor + coalesce(sum(approved_minor), 0) INTO of_order FROM approval_case
            WHERE order_id = c.order_id AND status = 'approved' AND case_id <> c.case_id;
        SELECT c.amount_minor + coalesce(sum(approved_minor), 0) INTO of_account FROM approval_case
            WHERE account_id = c.account_id AND status = 'approved' AND currency = c.currency
                AND approved_at > c.approved_at - (matrix.document ->> 'days')::integer * interval '1 day'
                AND case_id <> c.case_id;
        -- The customer may have other accounts besides; never less than this one.
        IF of_order <> c.order_total_minor OR of_account > c.customer_total_minor THEN
            PERFORM refuse_by('approval_of_all_sums');
        END IF;
        scale := minor_units(matrix.document ->> 'currency');
        foreign_money := matrix.document ->> 'currency' <> c.currency;
        SELECT r INTO rule FROM jsonb_array_elements(matrix.document -> 'rules') WITH ORDINALITY AS rules(r, place)
            WHERE (coalesce(r -> 'tiers', '[]') = '[]' OR r -> 'tiers' ? c.tier)
                AND (coalesce(r -> 'reasons', '[]') = '[]' OR r -> 'reasons' ? c.reason)
                AND (r ->> 'total_over' IS NULL
                    OR c.customer_total_minor > (r ->> 'total_over')::numeric * scale)
            ORDER BY place LIMIT 1;
        reaching := ARRAY(
            SELECT l ->> 'role' FROM jsonb_array_elements(rule -> 'limits') l
            WHERE l ->> 'up_to' IS NULL
                OR (NOT foreign_money AND of_order <= (l ->> 'up_to')::numeric * scale)
        );
        two := foreign_money OR of_order > (rule ->> 'two_above')::numeric * scale;
        SELECT * INTO budgets FROM policy_document('team-budgets', 'main', c.approved_at);
        IF budgets.document ->> 'currency' = c.currency AND budgets.document -> 'teams' ? c.team_id::text THEN
            SELECT c.amount_minor + coalesce(sum(approved_minor), 0) INTO of_team FROM approval_case
                WHERE team_id = c.team_id AND month = c.month AND currency = c.currency AND status = 'approved'
                    AND case_id <> c.case_id;
            two := two
                OR of_team > (budgets.document -> 'teams' ->> c.team_id::text)::numeric * minor_units(c.currency);
        END IF;
        IF two THEN
            second_one := ARRAY(SELECT jsonb_array_elements_text(rule -> 'second'));
        END IF;
        IF NOT approved_by(c, reaching, second_one) THEN
            PERFORM refuse_by('approval_by_those_who_may');
        END IF;
    END $$
    """,
    # What a payment asks before it is made: never more than was approved of what the case says now (T56).
    """
    CREATE FUNCTION approval_is_complete(wanted uuid, amount bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
        SELECT EXISTS (
            SELECT FROM approval_case c
            WHERE c.case_id = wanted AND c.status = 'approved' AND amount <= c.approved_minor
                AND EXISTS (
                    SELECT FROM approval a
                    WHERE a.case_id = c.case_id AND a.content_version = c.content_version
                        AND a.person NOT IN (c.requested_by_person, c.written_by_person)
                )
        )
    $$
    """,
)
_GUARDS = (
    """
    CREATE FUNCTION guard_approval() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE c approval_case;
    BEGIN
        SELECT * INTO c FROM approval_case WHERE case_id = NEW.case_id FOR UPDATE;
        IF c.status IS DISTINCT FROM 'asked' OR NEW.content_version <> c.content_version THEN
            PERFORM refuse_by('approval_of_what_is_asked');
        END IF;
        IF NEW.person IN (c.requested_by_person, c.written_by_person) THEN
            PERFORM refuse_by('approval_by_others');
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER approval_guarded BEFORE INSERT ON approval FOR EACH ROW EXECUTE FUNCTION guard_approval()",
    """
    CREATE TRIGGER approval_append_only BEFORE UPDATE OR DELETE ON approval
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
    "CREATE TRIGGER approval_no_truncate BEFORE TRUNCATE ON approval EXECUTE FUNCTION refuse_change()",
    """
    CREATE FUNCTION guard_approval_case() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        other_content boolean;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.status <> 'asked' OR NEW.content_version <> 1 THEN
                PERFORM refuse_by('approval_asked_first');
            END IF;
            RETURN NEW;
        END IF;
        other_content := (NEW.content_digest, NEW.currency, NEW.amount_minor)
            <> (OLD.content_digest, OLD.currency, OLD.amount_minor)
            OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.tier IS DISTINCT FROM OLD.tier;
        IF OLD.status = 'void' OR (NEW.case_id, NEW.noun, NEW.shop, NEW.order_id, NEW.requested_by_person)
                <> (OLD.case_id, OLD.noun, OLD.shop, OLD.order_id, OLD.requested_by_person)
            OR NEW.account_id IS DISTINCT FROM OLD.account_id
            OR (OLD.team_id IS NOT NULL AND NEW.team_id IS DISTINCT FROM OLD.team_id)
        THEN
            PERFORM refuse_by('approval_case_stays');
        END IF;
        IF NEW.content_version <> OLD.content_version THEN
            IF NEW.content_version <> OLD.content_version + 1 OR NEW.status <> 'asked' THEN
                PERFORM refuse_by('approval_anew');
            END IF;
        ELSIF other_content OR NEW.written_by_person <> OLD.written_by_person THEN
            PERFORM refuse_by('approval_anew');
        ELSIF OLD.status = 'asked' AND NEW.status = 'approved' THEN
            IF NEW.approved_minor <> NEW.amount_minor THEN
                PERFORM refuse_by('approval_of_the_sum');
            END IF;
            PERFORM expect_authority(NEW);
        ELSIF OLD.status = 'approved' AND NEW.status = 'asked' THEN
            PERFORM refuse_by('approval_anew');
        ELSIF OLD.status = 'approved' AND (NEW.approved_minor > OLD.approved_minor OR (
                NEW.approved_at, NEW.month, NEW.policy_version, NEW.order_total_minor, NEW.customer_total_minor
            ) IS DISTINCT FROM (
                OLD.approved_at, OLD.month, OLD.policy_version, OLD.order_total_minor, OLD.customer_total_minor))
        THEN
            PERFORM refuse_by('approval_covers');
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER approval_case_guarded BEFORE INSERT OR UPDATE ON approval_case
    FOR EACH ROW EXECUTE FUNCTION guard_approval_case()
    """,
    """
    CREATE TRIGGER approval_case_stays BEFORE DELETE ON approval_case
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
    "CREATE TRIGGER approval_case_no_truncate BEFORE TRUNCATE ON approval_case EXECUTE FUNCTION refuse_change()",
)
_POLICIES: dict[str, dict[str, Any]] = {
    "refund-authority": {
        "currency": "CNY",
        "days": 90,
        "rules": [
            {
                "tiers": [],
                "reasons": [],
                "total_over": None,
                "limits": [
                    {"role": "agent", "up_to": "50.00"},
                    {"role": "supervisor", "up_to": "500.00"},
                    {"role": "manager", "up_to": None},
                ],
                "two_above": "5000.00",
                "second": ["finance", "manager"],
            }
        ],
    },
    "team-budgets": {"currency": "CNY", "teams": {}},
}


def upgrade() -> None:
    """Make the tables and what guards them, ship the policies."""
    for statement in (*_TABLES, *_HELPERS, *_GUARDS):
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
