"""企业用户: organisations and the verification of their files (C2)."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Positive, Subject


class OrganisationKind(StrEnum):
    """What an organisation is to us (C2)."""

    BUYER = "buyer"
    SUPPLIER = "supplier"
    SELLER = "seller"
    DEALER = "dealer"
    FREIGHT_FORWARDER = "freight_forwarder"
    SHIP_AGENT = "ship_agent"
    SHIPPING_COMPANY = "shipping_company"
    CARRIER_FLEET = "carrier_fleet"


class OrganisationEvent(Event):
    """What all events of an organisation share; ``round`` counts its submissions."""

    OWNER = "customer"
    AGGREGATE = "organisation_id"

    organisation_id: UUID
    kind: OrganisationKind
    round: Positive = 1


class OrganisationSubmitted(OrganisationEvent):
    """提交审核: the file was handed in for verification, for the first time or again (C2)."""

    SUBJECT = "organisation.submitted"

    submitted_by: Subject
    submitted_at: AwareDatetime


class OrganisationApproved(OrganisationEvent):
    """审核通过: it may now act in service requests (C2)."""

    SUBJECT = "organisation.approved"

    approved_by: Subject
    approved_at: AwareDatetime


class OrganisationReturned(OrganisationEvent):
    """退回补充: returned with the codes of the fields and documents that are missing (C2)."""

    SUBJECT = "organisation.returned"

    missing: tuple[Code, ...]
    returned_by: Subject
    returned_at: AwareDatetime


class OrganisationRejected(OrganisationEvent):
    """审核不通过: refused for good (C2)."""

    SUBJECT = "organisation.rejected"

    reason: Code
    rejected_by: Subject
    rejected_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    OrganisationSubmitted,
    OrganisationApproved,
    OrganisationReturned,
    OrganisationRejected,
)
