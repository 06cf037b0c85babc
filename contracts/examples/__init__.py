"""One realistic example of every event, for readers of the catalogue, the AsyncAPI document and the tests.

They tell one story: order 2026112100017 of the shop ``flagship`` is paid, flagged, complained about, partly refunded,
and ends up in a month's appraisal.
"""

from contracts.event import Event
from contracts.examples import appraisal, customer, desk, money, notify, order, storefront, ticket

EXAMPLES: dict[str, Event] = {
    event.SUBJECT: event
    for event in (
        *storefront.EXAMPLES,
        *customer.EXAMPLES,
        *order.EXAMPLES,
        *ticket.EXAMPLES,
        *money.EXAMPLES,
        *desk.EXAMPLES,
        *appraisal.EXAMPLES,
        *notify.EXAMPLES,
    )
}


def example(subject: str) -> Event:
    """The example of one subject; ``KeyError`` when there is no such event."""
    return EXAMPLES[subject]
