"""The history that the demo imports: what is in the file, and the same order by either way (E3)."""

from decimal import Decimal
from pathlib import Path

from contracts.storefront import order_key
from kit.envelope import headers, read_meta
from ops.demo import cdnow
from ops.demo.importing import Journal, Totals
from services.ticket.intake.storefront import item_of
from services.ticket.order.schemas import OrderItem


def test_the_file_holds_what_is_known_of_it() -> None:
    purchases = cdnow.master()
    assert Totals.of(purchases) == Totals(23_570, 69_659, "2500315.63")
    assert len({purchase.order_no for purchase in purchases}) == 69_659
    facts = [(one.customer, one.day, one.quantity, one.amount) for one in purchases]
    assert len(facts) - len(set(facts)) == 255, "equal lines are purchases of their own"
    assert cdnow.master(10) == purchases[:10]


def test_the_sample_holds_what_is_known_of_it_under_numbers_of_its_own() -> None:
    sample = cdnow.sample()
    assert Totals.of(sample) == Totals(2_357, 6_919, "244091.94")
    assert not {one.order_no for one in sample} & {one.order_no for one in cdnow.master(7_000)}


def test_an_order_is_the_same_by_http_and_by_event() -> None:
    for purchase in cdnow.master(200):
        meta, event = purchase.as_event()
        by_event = item_of(event.shop, event.order_no, event.order).model_dump()
        by_http = OrderItem.model_validate(purchase.as_order()).model_dump()
        for order in (by_event, by_http):  # an event's line has a price for each and a name as well
            order["lines"] = [(line["line_no"], line["quantity"], line["paid_total"]) for line in order["lines"]]
            order |= {name: Decimal(order[name]) for name in ("discount", "freight")}
        assert by_event == by_http
        assert meta.aggregate_id == order_key(cdnow.SHOP, purchase.order_no)
        assert read_meta(event.SUBJECT, headers(meta, owner="storefront")) == meta
        assert purchase.as_event()[0] == meta, "sent again it is the same event"


def test_a_journal_is_kept_and_found_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "demo.json")
    journal.note.http, journal.note.nats = 500, 250
    journal.write()
    assert Journal(journal.path).note == journal.note
