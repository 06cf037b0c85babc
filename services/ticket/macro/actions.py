"""What a macro can do to a ticket: the verbs that people have, with the permission that each asks of people, too."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from contracts.ticket.ticket import Priority, WaitingOn
from kit.http.fields import Code, Line, Text
from kit.problems import InvalidValue
from services.ticket.macro.variables import expect_known
from services.ticket.message.schemas import Visibility
from services.ticket.ticket.schemas import Tags

Template = Annotated[Text, AfterValidator(expect_known)]


class _Action(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    permission: ClassVar[str] = "ticket:work"


class Assign(_Action):
    """派单: to somebody, or to a group for whoever of it has a hand free."""

    permission = "ticket:assign"

    do: Literal["assign"]
    staff_id: UUID | None = None
    group: Code | None = None
    reason: Line | None = None

    @model_validator(mode="after")
    def _to_somebody(self) -> "Assign":
        if self.staff_id is None and self.group is None:
            raise InvalidValue("staff_id 与 group 至少填一项", "names neither staff_id nor group")
        return self


class Take(_Action):
    """领取: by whoever runs the macro."""

    do: Literal["take"]


class Release(_Action):
    """退回队列."""

    do: Literal["release"]
    reason: Line


class Start(_Action):
    """受理."""

    do: Literal["start"]


class Wait(_Action):
    """等待."""

    do: Literal["wait"]
    waiting_on: WaitingOn
    reason: Line


class Resume(_Action):
    """继续."""

    do: Literal["resume"]


class Solve(_Action):
    """解决."""

    do: Literal["solve"]
    solution: Template


class Close(_Action):
    """关单."""

    do: Literal["close"]


class Reopen(_Action):
    """重开."""

    permission = "ticket:reopen"

    do: Literal["reopen"]
    reason: Line


class Cancel(_Action):
    """撤单."""

    permission = "ticket:cancel"

    do: Literal["cancel"]
    reason: Line


class Reply(_Action):
    """回复 or 备注: a message, its variables replaced."""

    permission = "ticket:reply"

    do: Literal["reply"]
    text: Template
    visibility: Visibility = Visibility.PUBLIC


class Edit(_Action):
    """Change what the ticket is filed under: only what is sent."""

    permission = "ticket:edit"

    do: Literal["edit"]
    priority: Priority = Priority.NORMAL
    category: Code | None = None
    unit_id: UUID | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Edit":
        if self.model_fields_set <= {"do"}:
            raise InvalidValue("至少修改一项", "must change something")
        return self


class Tag(_Action):
    """打标签: put tags on, take tags off."""

    permission = "ticket:edit"

    do: Literal["tag"]
    add: Tags = ()
    remove: Tags = ()

    @model_validator(mode="after")
    def _says_something(self) -> "Tag":
        if not self.add and not self.remove:
            raise InvalidValue("至少一个标签", "must name a tag")
        return self


class Watch(_Action):
    """关注."""

    permission = "ticket:edit"

    do: Literal["watch"]
    staff_id: UUID


Action = Annotated[
    Assign | Take | Release | Start | Wait | Resume | Solve | Close | Reopen | Cancel | Reply | Edit | Tag | Watch,
    Field(discriminator="do"),
]
Actions = Annotated[list[Action], Field(min_length=1, max_length=50)]
ACTIONS: TypeAdapter[list[Action]] = TypeAdapter(Actions)
