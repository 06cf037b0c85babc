"""What every event of a complaint says of it and of its ticket. Pure."""

from typing import Any

from services.ticket.complaint.lifecycle import AboutLike, ComplaintLike


def common(complaint: ComplaintLike, about: AboutLike) -> dict[str, Any]:
    """The fields that all events of a complaint share: where it stands now."""
    return {
        "complaint_id": complaint.complaint_id,
        "ticket_number": complaint.number,
        "shop": complaint.shop,
        "category": complaint.category,
        "nature": complaint.nature,
        "severity": complaint.severity,
        "grade": complaint.grade,
        "customer_id": about.customer_id,
        "account_id": complaint.account_id,
        "order_id": complaint.order_id,
        "assignee_staff_id": about.assignee_staff_id,
        "unit_id": complaint.unit_id,
        "responsible_staff_id": complaint.responsible_staff_id,
    }
