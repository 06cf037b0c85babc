"""Who is calling, and what they may do (G2). The matrix role × permission is `contracts.permissions`."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.permissions import roles_with


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as a verified token tells it."""

    subject: str
    roles: frozenset[str]
    shops: frozenset[str] = field(default_factory=lambda: frozenset({"*"}))
    staff_id: UUID | None = None
    client_id: str | None = None
    account_id: UUID | None = None
    expires_at: datetime | None = None
    issued_at: datetime | None = None
    session_id: UUID | None = None

    def may(self, permission: str) -> bool:
        """Whether one of the caller's roles carries the permission. Raises KeyError for an unknown one."""
        return not self.roles.isdisjoint(roles_with(permission))

    def serves(self, shop: str) -> bool:
        """Whether the caller's token covers the shop (X1)."""
        return "*" in self.shops or shop in self.shops


def system(name: str) -> Principal:
    """The service itself acting on an event or a timer; it holds no role and passes no permission check."""
    return Principal(subject=f"system:{name}", roles=frozenset())
