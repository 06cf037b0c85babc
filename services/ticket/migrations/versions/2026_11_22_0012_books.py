"""Books of orders: counters under CHECKs, entries that nobody changes, alarms; opened for what is paid already."""

from alembic import op

revision = "2026_11_22_0012_books"
down_revision = "2026_11_22_0011_penalties"

_STATEMENTS = (
    """
    CREATE TABLE order_book (
        order_id uuid PRIMARY KEY REFERENCES shop_order,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        paid_minor bigint NOT NULL CHECK (paid_minor >= 0),
        kept_minor bigint NOT NULL CHECK (kept_minor >= 0),
        refunded_minor bigint NOT NULL CHECK (refunded_minor >= 0),
        in_flight_minor bigint NOT NULL CHECK (in_flight_minor >= 0),
        version bigint NOT NULL,
        CONSTRAINT ck_order_book_adds_up CHECK (paid_minor = kept_minor + refunded_minor + in_flight_minor)
    )
    """,
    """
    CREATE TABLE order_book_line (
        order_id uuid NOT NULL REFERENCES order_book,
        line_no integer NOT NULL CHECK (line_no >= 1),
        quantity integer NOT NULL CHECK (quantity >= 1),
        worth_minor bigint NOT NULL CHECK (worth_minor >= 0),
        taken_back integer NOT NULL CHECK (taken_back >= 0),
        refunded_minor bigint NOT NULL CHECK (refunded_minor >= 0),
        in_flight_minor bigint NOT NULL CHECK (in_flight_minor >= 0),
        PRIMARY KEY (order_id, line_no),
        CONSTRAINT ck_order_book_line_pieces CHECK (taken_back <= quantity),
        CONSTRAINT ck_order_book_line_worth CHECK (refunded_minor + in_flight_minor <= worth_minor)
    )
    """,
    """
    CREATE TABLE book_entry (
        entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES order_book,
        kind text NOT NULL CHECK (kind IN ('paid', 'corrected', 'reserved', 'released', 'refunded')),
        line_no integer,
        amount_minor bigint NOT NULL,
        cause_id uuid NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT ck_book_entry_amount CHECK (
            CASE kind WHEN 'paid' THEN amount_minor >= 0 WHEN 'corrected' THEN amount_minor <> 0
            ELSE amount_minor > 0 END
        ),
        CONSTRAINT ck_book_entry_of_the_order CHECK (line_no IS NULL OR kind NOT IN ('paid', 'corrected'))
    )
    """,
    "CREATE INDEX ix_book_entry_order ON book_entry (order_id)",
    "CREATE INDEX ix_book_entry_cause ON book_entry (cause_id) WHERE kind NOT IN ('paid', 'corrected')",
    # An order is paid once, and what a case gives back is given back once (T55).
    "CREATE UNIQUE INDEX uq_book_entry_paid ON book_entry (order_id) WHERE kind = 'paid'",
    """
    CREATE UNIQUE INDEX uq_book_entry_refunded ON book_entry (cause_id, coalesce(line_no, 0))
    WHERE kind = 'refunded'
    """,
    """
    CREATE TRIGGER book_entry_append_only BEFORE UPDATE OR DELETE ON book_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
    "CREATE TRIGGER book_entry_no_truncate BEFORE TRUNCATE ON book_entry EXECUTE FUNCTION refuse_change()",
    "REVOKE UPDATE, DELETE, TRUNCATE ON book_entry FROM CURRENT_USER",
    """
    CREATE TABLE book_alarm (
        alarm_id uuid PRIMARY KEY,
        kind text NOT NULL,
        subject text NOT NULL,
        status text NOT NULL CHECK (status IN ('open', 'settled')),
        shop text,
        order_id uuid,
        payment_key uuid,
        currency text,
        expected_minor bigint,
        found_minor bigint,
        found_currency text,
        raised_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        times bigint NOT NULL CHECK (times >= 1),
        settled_at timestamptz,
        settled_by text,
        note text,
        event_seq bigint NOT NULL,
        CHECK ((status = 'settled') = (settled_at IS NOT NULL) AND (settled_at IS NULL) = (settled_by IS NULL))
    )
    """,
    "CREATE UNIQUE INDEX uq_book_alarm_open ON book_alarm (kind, subject) WHERE status = 'open'",
    """
    CREATE TABLE book_check (
        name text PRIMARY KEY,
        entry_id bigint NOT NULL,
        order_id uuid,
        rounds bigint NOT NULL,
        round_ended_at timestamptz
    )
    """,
    "INSERT INTO book_check (name, entry_id, rounds) VALUES ('books', 0, 0)",
    """
    INSERT INTO order_book (order_id, currency, paid_minor, kept_minor, refunded_minor, in_flight_minor, version)
    SELECT order_id, currency, paid_minor, paid_minor, 0, 0, 1 FROM shop_order WHERE paid_minor IS NOT NULL
    """,
    """
    INSERT INTO book_entry (order_id, kind, amount_minor, cause_id, at)
    SELECT order_id, 'paid', paid_minor, order_id, coalesce(paid_at, recorded_at) FROM shop_order
    WHERE paid_minor IS NOT NULL
    """,
)


def upgrade() -> None:
    """Make the tables, open the books."""
    for statement in _STATEMENTS:
        op.execute(statement)
