"""The fields of a ticket's kind (T1), as the API's document shows them."""

from services.ticket.ticket.kinds import DETAILS, SCHEMA


def test_the_fields_of_each_kind_are_shown_in_place() -> None:
    """They stand inside another schema, where a reference of their own would lead nowhere."""
    shown = SCHEMA["anyOf"]
    assert [one["title"] for one in shown] == [kind.value for kind in DETAILS]
    assert "$ref" not in repr(shown)
    course = next(one for one in shown if one["title"] == "exchange")["properties"]["course"]
    assert {"return", "exchange", "resend"} <= set(course["enum"])
