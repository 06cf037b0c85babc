"""How many things somebody may save (X3)."""

from pydantic import BaseModel, ConfigDict, Field

from kit.policy import PolicyKind, Title


class SavedLimits(BaseModel):
    """Views and macros of one owner, actions of a macro, tickets of a bulk action, and how far a view counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    views: int = Field(ge=1, le=1000)
    macros: int = Field(ge=1, le=1000)
    actions: int = Field(ge=1, le=50)
    bulk_tickets: int = Field(ge=1, le=100)
    counted: int = Field(ge=1, le=10_000)


SAVED_LIMITS = PolicyKind(
    "saved-limits",
    SavedLimits,
    SavedLimits(views=100, macros=100, actions=10, bulk_tickets=100, counted=1000),
    Title("视图与宏的限额", "Limits of views and macros"),
)
