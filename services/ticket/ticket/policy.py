"""The numbers of the common life: how long a ticket can be taken up again, how much hangs on it, what is answered by
itself (T1, T2, T41, X3)."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.ticket import IntakeChannel
from kit.policy import PolicyKind, Title


class TicketLife(BaseModel):
    """The numbers of the common life."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reopen_days: int = Field(ge=0, le=3650)

    def may_reopen(self, ended_at: datetime, now: datetime) -> bool:
        """Whether a ticket that ended then can still be reopened; after that a follow-up is opened (T2)."""
        return now < ended_at + timedelta(days=self.reopen_days)


class TicketLimits(BaseModel):
    """How much may hang on one ticket, and how many messages one split takes along."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tags: int = Field(ge=0, le=100)
    watchers: int = Field(ge=0, le=500)
    links: int = Field(ge=0, le=1000)
    messages_moved: int = Field(ge=1, le=1000)


class Words(BaseModel):
    """One text in both languages (X8)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str = Field(min_length=1, max_length=1000)
    en: str = Field(min_length=1, max_length=1000)

    def in_language(self, tag: str) -> str:
        """The text for a reader of that language; Chinese for whoever doesn't read English."""
        return self.en if tag.startswith("en") else self.zh


class AutoReply(BaseModel):
    """What a customer on one of these channels is told at once when no agent has a hand free (T41), or when the only
    one is at a meal (T44)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: tuple[IntakeChannel, ...]
    overflow: Words
    nobody: Words
    meal: Words


TICKET_LIFE = PolicyKind(
    "ticket-life", TicketLife, TicketLife(reopen_days=30), Title("工单生命周期", "Life of a ticket")
)
TICKET_LIMITS = PolicyKind(
    "ticket-limits",
    TicketLimits,
    TicketLimits(tags=20, watchers=50, links=100, messages_moved=200),
    Title("工单附加信息上限", "What may hang on a ticket"),
)
AUTO_REPLY = PolicyKind(
    "auto-reply",
    AutoReply,
    AutoReply(
        channels=(IntakeChannel.CHAT,),
        overflow=Words(
            zh="您好，当前咨询人数较多，您的问题已登记，客服会尽快按顺序回复您。",
            en="Hello, many customers are writing at the moment. Your question is registered and will be answered"
            " in turn.",
        ),
        nobody=Words(
            zh="您好，现在没有客服在线，您的问题已登记，上班后会第一时间回复您。",
            en="Hello, nobody is online right now. Your question is registered and will be answered first thing.",
        ),
        meal=Words(
            zh="您好，客服正在用餐，很快回来，您的消息已收到，回来后第一时间回复您。",
            en="Hello, our agent is at a meal and back soon. Your message has arrived and will be answered first"
            " thing.",
        ),
    ),
    Title("自动回复", "Automatic reply"),
)
