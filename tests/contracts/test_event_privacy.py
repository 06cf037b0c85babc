"""Events carry ids, facts and amounts, never personal data (X6); only the storefront's private stream may."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from contracts.catalogue import EVENTS, STREAMS
from contracts.event import Event
from contracts.examples import EXAMPLES
from contracts.storefront import StorefrontOrderPlaced

SMELLS = re.compile(
    r"name|phone|mobile|mail|address|recipient|contact|buyer|payer|payee|id_number|identity|birth|gender|wechat|qq|"
    r"tracking|text|content|remark|note|body|subject_line|title|comment|description|account_no|bank|card|iban|ip$"
)

ALLOWED = {
    "order.lines.product_name": "a product's name",
    "content": "what a flag's remark says in its brackets: a courier or a short note (T31, T32)",
    "team.name": "a team's name",
    "unit.name": "a unit's name",
    "payee_token": "an opaque token of the payment side",
}

NUMBERS_OF_PEOPLE = re.compile(r"(?<![\dA-Za-z-])1[3-9]\d{9}(?!\d)|[\w.]+@[\w.]+|tb_|\d{17}[\dX]")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every field of a model and its parts, as dotted paths."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        for part in models_in(field.annotation):
            yield from paths(part, f"{prefix}{name}.")


def smelly(model: type[BaseModel]) -> set[str]:
    return {path for path in paths(model) if SMELLS.search(path.rpartition(".")[2])}


PUBLIC = [event for event in EVENTS.values() if not STREAMS[event.OWNER.upper()].private]


@pytest.mark.parametrize("event", PUBLIC, ids=lambda event: event.SUBJECT)
def test_no_field_sounds_personal(event: type[Event]) -> None:
    assert smelly(event) <= set(ALLOWED)


def test_every_exception_is_still_needed() -> None:
    assert set().union(*(smelly(event) for event in PUBLIC)) == set(ALLOWED)


@pytest.mark.parametrize("event", PUBLIC, ids=lambda event: event.SUBJECT)
def test_no_example_shows_a_persons_number(event: type[Event]) -> None:
    assert not NUMBERS_OF_PEOPLE.search(EXAMPLES[event.SUBJECT].model_dump_json())


def test_the_nose_works() -> None:
    """The storefront's order holds a recipient, and both checks above would tell."""
    assert {"order.recipient.phone", "order.recipient.address", "order.buyer_ref"} <= smelly(StorefrontOrderPlaced)
    assert NUMBERS_OF_PEOPLE.search(EXAMPLES["storefront.order.placed"].model_dump_json())
