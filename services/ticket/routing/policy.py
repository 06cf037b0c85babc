"""Which group takes what, and how much one person takes (T4, X3)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.customer.customer import Tier
from contracts.ticket.ticket import IntakeChannel, TicketKind
from kit.policy import PolicyKind, Title
from kit.problems import Fault
from services.ticket.group.lifecycle import GroupLike, names, takes

GroupCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
Skill = GroupCode
CHATS = frozenset({IntakeChannel.CHAT})


@dataclass(frozen=True, slots=True)
class Sought:
    """What of a ticket decides who gets it (T4). `group`: whose work it is by a policy of its kind (T60)."""

    kind: TicketKind
    category: str | None
    shop: str
    tier: Tier | None
    channel: IntakeChannel
    skills: frozenset[str] = frozenset()
    group: str | None = None


class RoutingRule(BaseModel):
    """One line: what it names has to fit, what it leaves empty fits everything. Whoever of the group takes such a
    ticket is good at what it `needs`; where nobody is, anybody of the group takes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: tuple[TicketKind, ...] = ()
    categories: tuple[GroupCode, ...] = ()
    shops: tuple[GroupCode, ...] = ()
    tiers: tuple[Tier, ...] = ()
    channels: tuple[IntakeChannel, ...] = ()
    skills: tuple[Skill, ...] = ()
    needs: tuple[Skill, ...] = ()
    group: GroupCode

    def fits(self, sought: Sought) -> bool:
        """Whether the line is about such a ticket; one that names skills is about tickets that need one of them."""
        return all(
            (
                not self.kinds or sought.kind in self.kinds,
                not self.categories or sought.category in self.categories,
                not self.shops or sought.shop in self.shops,
                not self.tiers or sought.tier in self.tiers,
                not self.channels or sought.channel in self.channels,
                not self.skills or not sought.skills.isdisjoint(self.skills),
            )
        )

    def is_about_everything(self) -> bool:
        """Whether no ticket gets past this line."""
        return not (self.kinds or self.categories or self.shops or self.tiers or self.channels or self.skills)


class RoutingRules(BaseModel):
    """The lines in their order, of which the first that fits counts; then the groups that name the kind themselves;
    then `fallback`. When everybody of the group has as much as they may, `overflow` helps out (T41)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[RoutingRule, ...] = Field(max_length=200)
    fallback: GroupCode | None
    overflow: GroupCode | None

    def needing(self, sought: Sought) -> Sought:
        """The same with the skills that its lines ask for (T4)."""
        needs = {skill for rule in self.rules if rule.fits(sought) for skill in rule.needs}
        return replace(sought, skills=sought.skills | needs)

    def named(self, sought: Sought) -> Iterator[str]:
        """The groups of the lines that fit, in their order."""
        for rule in self.rules:
            if rule.fits(sought):
                yield rule.group


class DeskLoad(BaseModel):
    """How much one person takes. `hand_assignment` says whether a lead who gives out work by hand may go above it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    open_chats: int = Field(ge=1, le=1000)
    open_tickets: int | None = Field(ge=1, le=10_000)
    hand_assignment_may_exceed: bool


def in_order(rules: RoutingRules, groups: Iterable[GroupLike], sought: Sought) -> list[str]:
    """The groups that may take such a ticket, the first choice first: those the lines name, the one whose work it is,
    those that name its category or kind themselves, the fallback. One that doesn't take such tickets is no choice."""
    taking = {one.code: one for one in groups if takes(one, sought.shop, sought.kind, sought.category)}
    own = sorted(
        (-names(one, sought.kind, sought.category), code)
        for code, one in taking.items()
        if names(one, sought.kind, sought.category)
    )
    asked, last = ([code] if code else [] for code in (sought.group, rules.fallback))
    chosen = [*rules.named(sought), *asked, *(code for _, code in own), *last]
    return [code for code in dict.fromkeys(chosen) if code in taking]


def able(members: Mapping[UUID, frozenset[str]], *needed: Iterable[str]) -> list[UUID]:
    """Who of the members is good at all that is needed."""
    wanted = frozenset(skill for skills in needed for skill in skills)
    return sorted(staff_id for staff_id, skills in members.items() if wanted <= skills)


def _unreachable(rules: RoutingRules) -> Iterable[Fault]:
    """Lines below one that fits everything are never read."""
    for place, rule in enumerate(rules.rules[:-1]):
        if rule.is_about_everything():
            yield Fault(
                f"/rules/{place + 1}", "前一条规则适用于所有工单，此条永远用不到", "the line above takes every ticket"
            )
            return


ROUTING_RULES = PolicyKind(
    "routing-rules",
    RoutingRules,
    RoutingRules(rules=(RoutingRule(tiers=(Tier.KEY,), group="key"),), fallback="service", overflow="overflow"),
    Title("派单规则", "Routing rules"),
    _unreachable,
)
DESK_LOAD = PolicyKind(
    "desk-load",
    DeskLoad,
    DeskLoad(open_chats=20, open_tickets=None, hand_assignment_may_exceed=False),
    Title("接待上限", "Load limit"),
)
