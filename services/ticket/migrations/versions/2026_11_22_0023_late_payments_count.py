"""What an order has given counts what was paid after its case had been given up, too (T22, T28).

Of each case of an order counts what was approved, or what went back for it when that is more: what is paid late of a
case that is void was approved by nobody any more. The service asks the same function.
"""

from alembic import op

revision = "2026_11_22_0023_late_payments_count"
down_revision = "2026_11_22_0022_after_sales_mends"

_GIVEN = """
    CREATE FUNCTION given_of_order(wanted uuid, but uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT coalesce(sum(greatest(approved.minor, gone.minor)), 0)::bigint FROM (
            SELECT case_id, approved_minor AS minor FROM approval_case WHERE order_id = wanted AND status = 'approved'
        ) AS approved FULL JOIN (
            SELECT cause_id AS case_id,
                sum(CASE kind WHEN 'reserved' THEN amount_minor ELSE -amount_minor END) AS minor
            FROM book_entry WHERE order_id = wanted AND kind IN ('reserved', 'released') GROUP BY cause_id
        ) AS gone USING (case_id)
        WHERE but IS NULL OR case_id <> but
    $$
"""
_EXPECT = """
    CREATE OR REPLACE FUNCTION expect_authority(c approval_case) RETURNS void LANGUAGE plpgsql AS $$
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
        of_order := c.amount_minor + given_of_order(c.order_id, c.case_id);
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
"""


def upgrade() -> None:
    """Count them, in the guard as in the service."""
    op.execute(_GIVEN)
    op.execute(_EXPECT)
