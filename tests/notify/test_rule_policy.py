"""Whom a rule tells (N3)."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from services.notify.rule.policy import People, applies, asks_lead, recipients, roles_of

ANN, BEN, CHO = (UUID(int=number) for number in (1, 2, 3))


@dataclass
class Rule:
    recipients: list[list[str]]
    condition: dict[str, str] = field(default_factory=dict)


PEOPLE = People({"supervisor": [BEN, CHO]}, frozenset())


@pytest.mark.parametrize(
    ("wanted", "named", "told"),
    [
        ([["assignee"]], {"assignee": (ANN,)}, [ANN]),
        ([["assignee"]], {"assignee": ()}, []),
        ([["assignee"]], {}, []),
        ([["assignee"], ["opener"]], {"assignee": (ANN,), "opener": (BEN,)}, [ANN, BEN]),
        ([["assignee"], ["opener"]], {"assignee": (ANN,), "opener": (ANN,)}, [ANN]),
        ([["assignee", "role:supervisor"]], {"assignee": (ANN,)}, [ANN]),
        ([["assignee", "role:supervisor"]], {"assignee": ()}, [BEN, CHO]),
        ([["role:supervisor"]], {}, [BEN, CHO]),
        ([["role:manager"]], {}, []),
        ([["opener"], ["role:supervisor"]], {"opener": (CHO,)}, [CHO, BEN]),
        ([["watchers"]], {"watchers": (CHO, ANN)}, [CHO, ANN]),
        ([["lead"], ["watchers"]], {"lead": (BEN,), "watchers": (ANN, BEN)}, [BEN, ANN]),
    ],
)
def test_each_recipient_is_the_first_alternative_that_finds_somebody(
    wanted: list[list[str]], named: dict[str, tuple[UUID, ...]], told: list[UUID]
) -> None:
    assert recipients(Rule(wanted), named, PEOPLE) == told


def test_who_has_left_is_told_nothing() -> None:
    gone = People({"supervisor": [BEN]}, frozenset({ANN}))
    assert recipients(Rule([["assignee", "role:supervisor"]]), {"assignee": (ANN,)}, gone) == [BEN]


def test_a_condition_asks_for_facts() -> None:
    rule = Rule([], {"meaning": "problem"})
    assert applies(rule, {"meaning": "problem", "shop": "main"})
    assert not applies(rule, {"meaning": "cleared"})
    assert not applies(rule, {})
    assert applies(Rule([]), {})


def test_the_roles_that_rules_may_tell() -> None:
    assert roles_of([Rule([["assignee", "role:supervisor"], ["role:manager"]])]) == {"supervisor", "manager"}


def test_whether_a_unit_s_lead_may_be_told() -> None:
    assert asks_lead([Rule([["assignee"]]), Rule([["role:manager"], ["lead"]])])
    assert not asks_lead([Rule([["assignee", "role:supervisor"]])])
