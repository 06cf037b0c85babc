"""T4: which group a ticket belongs to, by kind, category, shop, tier, channel and skill; in the order of the lines."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.customer.customer import Tier
from contracts.ticket.ticket import IntakeChannel, TicketKind
from services.ticket.routing.policy import DESK_LOAD, ROUTING_RULES, DeskLoad, RoutingRules, Sought, able, in_order


@dataclass
class Team:
    """A group as the table would hold it."""

    code: str
    shops: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    skills: list[str] = field(default_factory=list)
    status: str = "active"


def sought(**facts: Any) -> Sought:
    plain = {
        "kind": TicketKind.INQUIRY,
        "category": None,
        "shop": "main",
        "tier": None,
        "channel": IntakeChannel.CHAT,
    }
    return Sought(**{**plain, **facts})


def rules(*lines: dict[str, Any], fallback: str | None = "service", overflow: str | None = None) -> RoutingRules:
    return RoutingRules.model_validate({"rules": lines, "fallback": fallback, "overflow": overflow})


SERVICE, KEY, MONEY, TEA = Team("service"), Team("key"), Team("money", kinds=["refund"]), Team("tea", shops=["tea"])
QUALITY = Team("quality", kinds=["complaint"], categories=["quality"])
ALL = [SERVICE, KEY, MONEY, TEA, QUALITY]


@pytest.mark.parametrize(
    ("facts", "groups"),
    [
        ({}, ["service"]),
        ({"tier": Tier.KEY}, ["key", "service"]),
        ({"tier": Tier.ORDINARY}, ["service"]),
        ({"kind": TicketKind.REFUND}, ["money", "service"]),
        ({"kind": TicketKind.REFUND, "tier": Tier.KEY}, ["key", "money", "service"]),
        ({"kind": TicketKind.COMPLAINT, "category": "quality"}, ["quality", "service"]),
        ({"kind": TicketKind.COMPLAINT, "category": "service"}, ["service"]),
        ({"kind": TicketKind.COMPLAINT}, ["service"]),
    ],
)
def test_the_shipped_rules(facts: dict[str, Any], groups: list[str]) -> None:
    """T4: key customers to their group, then whoever names the kind, then the fallback."""
    assert in_order(ROUTING_RULES.default, ALL, sought(**facts)) == groups


@pytest.mark.parametrize(
    ("line", "fits", "not_fits"),
    [
        ({"kinds": ["refund"]}, {"kind": TicketKind.REFUND}, {"kind": TicketKind.EXCHANGE}),
        ({"categories": ["quality"]}, {"category": "quality"}, {"category": None}),
        ({"shops": ["tea"]}, {"shop": "tea"}, {"shop": "main"}),
        ({"tiers": ["bad", "small"]}, {"tier": Tier.SMALL}, {"tier": None}),
        ({"channels": ["phone"]}, {"channel": IntakeChannel.PHONE}, {"channel": IntakeChannel.CHAT}),
        ({"skills": ["english", "thai"]}, {"skills": frozenset({"thai"})}, {"skills": frozenset({"greek"})}),
        (
            {"shops": ["tea"], "tiers": ["key"], "kinds": ["complaint"]},
            {"shop": "tea", "tier": Tier.KEY, "kind": TicketKind.COMPLAINT},
            {"shop": "tea", "tier": Tier.KEY, "kind": TicketKind.REFUND},
        ),
    ],
)
def test_a_line_fits_when_all_that_it_names_fits(
    line: dict[str, Any], fits: dict[str, Any], not_fits: dict[str, Any]
) -> None:
    """T4."""
    document = rules({**line, "group": "tea"})
    teams = [SERVICE, Team("tea")]
    assert in_order(document, teams, sought(**fits)) == ["tea", "service"]
    assert in_order(document, teams, sought(**not_fits)) == ["service"]


def test_the_first_line_counts_and_each_group_stands_once() -> None:
    """T4: the lines in their order; whoever they name again is no second choice."""
    document = rules(
        {"kinds": ["refund"], "group": "key"}, {"shops": ["main"], "group": "money"}, {"group": "key"},
    )  # fmt: skip
    assert in_order(document, ALL, sought(kind=TicketKind.REFUND)) == ["key", "money", "service"]


@pytest.mark.parametrize(
    "team",
    [Team("key", status="retired"), Team("key", shops=["tea"]), Team("key", kinds=["refund"]), Team("key", categories=["quality"])],
)  # fmt: skip
def test_a_group_that_does_not_take_it_is_no_choice(team: Team) -> None:
    """T4: retired, of other shops, for other kinds or categories."""
    assert in_order(ROUTING_RULES.default, [team, SERVICE], sought(tier=Tier.KEY)) == ["service"]


def test_whose_work_it_is_stands_between_the_lines_and_the_rest() -> None:
    """T60: the group that a type of requests names, if there is one for the shop; key customers go to theirs first."""
    asked = {"kind": TicketKind.REFUND, "group": "quality", "tier": Tier.KEY}
    assert in_order(ROUTING_RULES.default, [*ALL, Team("logistics")], sought(**asked)) == ["key", "money", "service"]
    asked = {"kind": TicketKind.REFUND, "group": "logistics"}
    found = in_order(ROUTING_RULES.default, [*ALL, Team("logistics")], sought(**asked))
    assert found == ["logistics", "money", "service"]
    assert in_order(ROUTING_RULES.default, ALL, sought(**asked)) == ["money", "service"]


def test_nobody_to_take_it() -> None:
    """T4: groups that nobody has made are passed over; without any there is no group."""
    assert in_order(ROUTING_RULES.default, [], sought(tier=Tier.KEY)) == []
    assert in_order(rules(fallback=None), [SERVICE], sought()) == []
    assert in_order(rules({"group": "unknown"}), [SERVICE], sought()) == ["service"]


def test_the_category_is_named_more_narrowly_than_the_kind() -> None:
    """T4: of two groups of their own, the narrower first, then by code."""
    teams = [Team("b", kinds=["complaint"]), Team("a", kinds=["complaint"]), QUALITY]
    found = in_order(rules(fallback=None), teams, sought(kind=TicketKind.COMPLAINT, category="quality"))
    assert found == ["quality", "a", "b"]


def test_who_is_able() -> None:
    """T4: all that the group wants and all that the ticket needs."""
    ming, hua, kai = (UUID(int=number) for number in (1, 2, 3))
    members = {ming: frozenset({"english"}), hua: frozenset({"english", "refunds"}), kai: frozenset[str]()}
    assert able(members, [], frozenset()) == [ming, hua, kai]
    assert able(members, ["english"], frozenset()) == [ming, hua]
    assert able(members, ["english"], frozenset({"refunds"})) == [hua]
    assert able(members, ["greek"]) == []
    assert able({}, []) == []


@pytest.mark.parametrize(
    "document",
    [
        {"rules": [{"group": ""}], "fallback": None, "overflow": None},
        {"rules": [{"group": "a b"}], "fallback": None, "overflow": None},
        {"rules": [{"kinds": ["war"], "group": "a"}], "fallback": None, "overflow": None},
        {"rules": [{"tiers": ["royal"], "group": "a"}], "fallback": None, "overflow": None},
        {"rules": [{"kinds": ["refund"]}], "fallback": None, "overflow": None},
        {"rules": [{"group": "a", "mood": "good"}], "fallback": None, "overflow": None},
        {"rules": [], "fallback": None},
        {"rules": [{"group": "a"}] * 201, "fallback": None, "overflow": None},
    ],
)
def test_documents_of_another_shape_are_refused(document: dict[str, Any]) -> None:
    """X3."""
    with pytest.raises(ValidationError):
        RoutingRules.model_validate(document)


def test_a_line_that_is_never_read_is_refused_on_save() -> None:
    """X3: below one that fits everything; the fault points at it."""
    document = rules(
        {"kinds": ["refund"], "group": "money"}, {"group": "service"}, {"kinds": ["inquiry"], "group": "key"}
    )
    assert [fault.pointer for fault in ROUTING_RULES.check(document)] == ["/rules/2"]
    assert list(ROUTING_RULES.check(rules({"kinds": ["refund"], "group": "money"}, {"group": "service"}))) == []


@pytest.mark.parametrize("chats", [0, -1, 1001, "many", None])
def test_limits_that_are_none_are_refused(chats: Any) -> None:
    """X3."""
    with pytest.raises(ValidationError):
        DeskLoad.model_validate({**DESK_LOAD.default.model_dump(), "open_chats": chats})


def test_lines_say_what_whoever_takes_a_ticket_needs() -> None:
    """T4"""
    lines = rules(
        {"shops": ["overseas"], "needs": ["english"], "group": "service"},
        {"kinds": ["complaint"], "needs": ["calm", "english"], "group": "service"},
        {"group": "service"},
    )
    assert lines.needing(sought(shop="overseas")).skills == {"english"}
    assert lines.needing(sought(shop="overseas", kind=TicketKind.COMPLAINT)).skills == {"calm", "english"}
    assert lines.needing(sought(skills=frozenset({"thai"}))).skills == {"thai"}
    assert lines.needing(sought()).skills == frozenset()
