"""The one shape of every event: a frozen model that knows its subject, its owner and its aggregate (E1)."""

import re
from operator import attrgetter
from typing import Any, ClassVar
from uuid import UUID

from contracts.fields import Part

_SUBJECT = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*){1,2}")


class Event(Part):
    """Something that happened, in the past tense, told once by the service that owns it.

    ``SUBJECT`` is the NATS subject ``noun.verb``; ``OWNER`` the service that publishes it; ``AGGREGATE`` the
    path to the field with the id of the thing it happened to, the scope of ``ce-sequence`` (E4).
    """

    SUBJECT: ClassVar[str]
    OWNER: ClassVar[str]
    AGGREGATE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a malformed event when its class is made, not when the first one is published."""
        super().__pydantic_init_subclass__(**kwargs)
        if "SUBJECT" not in vars(cls):
            return
        if not _SUBJECT.fullmatch(cls.SUBJECT):
            raise TypeError(f"{cls.__name__}: {cls.SUBJECT!r} is not noun.verb")
        model: Any = cls
        for name in cls.AGGREGATE.split("."):
            if name not in model.model_fields:
                raise TypeError(f"{cls.__name__} has no field {cls.AGGREGATE!r}")
            model = model.model_fields[name].annotation

    @classmethod
    def ce_type(cls) -> str:
        """The CloudEvents type, such as ``kefu.ticket.closed.v1``."""
        return f"kefu.{cls.SUBJECT}.v{cls.VERSION}"

    @classmethod
    def noun(cls) -> str:
        """The thing it happened to: ``ticket``, or ``storefront.order`` for a subject of three words."""
        return cls.SUBJECT.rpartition(".")[0]

    @classmethod
    def verb(cls) -> str:
        """What happened to it, in the past tense."""
        return cls.SUBJECT.rpartition(".")[2]

    @property
    def aggregate_id(self) -> UUID:
        """The id that goes into ``ce-subject``."""
        found = attrgetter(self.AGGREGATE)(self)
        if not isinstance(found, UUID):
            raise TypeError(f"{self.SUBJECT}: {self.AGGREGATE} is not an id")
        return found
