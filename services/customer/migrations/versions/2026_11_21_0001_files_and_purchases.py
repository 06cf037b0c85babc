"""Person files with their accounts, and the copy of orders that purchases are read from."""

from alembic import op

from kit.schema_v1 import create_tables

revision = "2026_11_21_0001_files_and_purchases"
down_revision = None

_STATEMENTS = (
    "CREATE SEQUENCE person_file_number",
    """
    CREATE TABLE person_file (
        customer_id uuid PRIMARY KEY,
        number text NOT NULL UNIQUE,
        provisional boolean NOT NULL,
        language text NOT NULL,
        owner_staff_id uuid,
        created_at timestamptz NOT NULL,
        version bigint NOT NULL CHECK (version >= 1),
        event_seq bigint NOT NULL CHECK (event_seq >= 0)
    )
    """,
    "CREATE INDEX ix_person_file_provisional ON person_file (provisional, customer_id)",
    # C3: an account leads to one file. It is claimed before its file is made, hence the deferred reference.
    """
    CREATE TABLE account (
        account_id uuid PRIMARY KEY,
        shop text NOT NULL,
        customer_id uuid NOT NULL REFERENCES person_file DEFERRABLE INITIALLY DEFERRED,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_account_customer ON account (customer_id)",
    "CREATE INDEX ix_account_shop ON account (shop, customer_id)",
    """
    CREATE TABLE purchase (
        order_id uuid PRIMARY KEY,
        shop text NOT NULL,
        order_no text NOT NULL,
        account_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        paid_minor bigint CHECK (paid_minor >= 0),
        placed_at timestamptz NOT NULL,
        paid_at timestamptz,
        counted boolean NOT NULL,
        CHECK (NOT counted OR paid_minor IS NOT NULL AND paid_at IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_purchase_customer ON purchase (customer_id, placed_at DESC, order_id DESC)",
    # All that the totals add up, in the order in which they tell customers apart.
    "CREATE INDEX ix_purchase_counted ON purchase (shop, currency, customer_id) INCLUDE (paid_minor) WHERE counted",
)


def upgrade() -> None:
    """Make the tables."""
    create_tables(op.execute)
    for statement in _STATEMENTS:
        op.execute(statement)
