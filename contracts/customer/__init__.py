"""Events of the customer service: files, organisations, consultations and callbacks."""

from contracts.customer import contact, customer, organisation
from contracts.event import Event

EVENTS: tuple[type[Event], ...] = (*customer.EVENTS, *organisation.EVENTS, *contact.EVENTS)
