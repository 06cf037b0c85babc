"""Field types that several nouns share, and :class:`Part`, from which every piece of an event is made."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Shop = Annotated[str, Field(min_length=1, max_length=64)]
"""A shop's code (店铺, X1); ``main`` for a company with one shop."""

OrderNo = Annotated[str, Field(min_length=1, max_length=64)]
"""An order's number as the storefront writes it; unique within its shop."""

Code = Annotated[str, Field(min_length=1, max_length=64)]
"""A short word from a policy or a template list, never free text."""

Subject = Annotated[str, Field(min_length=1, max_length=200)]
"""Who acted: the ``sub`` of an access token, or ``system`` for timers and subscribers."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A language tag such as ``zh-CN`` or ``en`` (X8)."""

Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
"""A business month such as ``2026-11`` (X5)."""

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Score = Annotated[str, Field(pattern=r"^[0-9]{1,4}\.[0-9]{2}$")]
"""A score or a factor with two decimals, as a string: no float on its way (X4)."""


class Part(BaseModel):
    """A piece of an event. It never changes once made, and fields it does not know are ignored, so that an
    old reader survives a contract that has grown (E2)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
