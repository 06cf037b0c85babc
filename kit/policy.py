"""What a policy is, for the pure rules that are written over its document (X3)."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

D = TypeVar("D", bound=BaseModel)
EVERYWHERE = "main"


@dataclass(frozen=True)
class PolicyKind(Generic[D]):
    """One named policy of a service: the shape of its document and the default shipped as version 1."""

    name: str
    document: type[D]
    default: D


@dataclass(frozen=True)
class InForce(Generic[D]):
    """The document that decides, with the version that a result records."""

    name: str
    shop: str
    version: int
    document: D
