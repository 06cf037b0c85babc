"""Every event that rules may be about, and what it gives."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.event import Event
from kit.envelope import Meta
from services.notify.notification import after_sales_news, desk_news
from services.notify.notification.occurrence import Occurrence

_MAKERS: Mapping[type[Event], Callable[[Meta, Any], Occurrence]] = {**desk_news.MAKERS, **after_sales_news.MAKERS}

TOLD: tuple[type[Event], ...] = tuple(_MAKERS)
"""The events that rules may be about."""


def of_event(meta: Meta, event: Event) -> Occurrence:
    """What an event of `TOLD` gives."""
    return _MAKERS[type(event)](meta, event)
