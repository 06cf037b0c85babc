"""What a template may say, and how it is filled in (N2)."""

import pytest
from pydantic import ValidationError

from contracts.ticket.ticket import Priority, TicketKind, TicketOutcome
from services.notify.template.policy import CHINESE, ENGLISH, MISSING, Wording, language_for, shown


def wording(subject: str = "工单 {number}", body: str = "{kind}", language: str = CHINESE) -> Wording:
    return Wording(language=language, subject=subject, body=body, variables=frozenset({"number", "kind"}))


def test_variables_are_filled_in_in_the_readers_language() -> None:
    values = {"number": "T1", "kind": "complaint"}
    assert wording().fill(values) == ("工单 T1", "投诉")
    assert wording("Ticket {number}", language=ENGLISH).fill(values) == ("Ticket T1", "complaint")


def test_a_missing_value_is_a_dash() -> None:
    assert wording().fill({"number": "T1"}) == ("工单 T1", MISSING)


def test_a_value_is_never_a_template() -> None:
    """Whatever a value holds is shown as it is."""
    assert wording().fill({"number": "{kind}", "kind": "refund"}) == ("工单 {kind}", "退款")


@pytest.mark.parametrize(
    "text",
    [
        "{shop}",
        "{phone}",
        "{number",
        "number}",
        "{{number}}",
        "{}",
        "{number.real}",
        "{number!r}",
        "{number:>9}",
        "{ number }",
    ],
)
def test_what_is_no_variable_of_the_template_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        wording(body=text)
    with pytest.raises(ValidationError):
        wording(subject=text)


def test_a_variable_that_doesnt_exist_can_t_be_declared() -> None:
    with pytest.raises(ValidationError):
        Wording(language=CHINESE, subject="x", body="x", variables=frozenset({"phone"}))


def test_only_the_two_languages_are_known() -> None:
    with pytest.raises(ValidationError):
        wording(language="fr")
    assert (language_for("zh"), language_for("en")) == (CHINESE, ENGLISH)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("kind", one) for one in TicketKind]
    + [("priority", one) for one in Priority]
    + [("outcome", one) for one in TicketOutcome],
)
def test_every_code_has_a_chinese_word(variable: str, value: str) -> None:
    assert not shown(variable, value, CHINESE).isascii()
    assert shown(variable, value, ENGLISH).isascii()
