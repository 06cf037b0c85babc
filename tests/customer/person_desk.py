"""The customer service as those who keep its files use it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from customer_orders import Copying

from kit.inbox import Verdict

MING: dict[str, Any] = {
    "name": "李小明",
    "phones": ["138 1234 5678", "010-87654321"],
    "emails": ["Ming@Example.com"],
    "id_number": "11010519491231002x",
    "wechat": "ming_wechat",
    "qq": "1000123456",
    "payment_account": "token-91827364",
    "addresses": ["江苏省连云港市海州区某路 1 号"],
    "accounts": [{"shop": "main", "buyer_ref": "旺旺小明同学2026"}],
    "occupation": "教师",
    "tags": ["老客户"],
    "hobbies": ["钓鱼"],
    "risk": "low",
    "notes": "喜欢晚上联系",
}


@dataclass
class Files(Copying):
    """The service, its routes as several callers, its tables."""

    async def open(
        self, role: str = "agent", *, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        return await self.client.call("POST", "/v1/customers", role, json=body, headers=headers or {})

    async def change(
        self, customer_id: str | UUID, version: int | None, role: str = "agent", claims: Any = None, **body: Any
    ) -> httpx.Response:
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        path = f"/v1/customers/{customer_id}"
        return await self.client.call("PATCH", path, role, json=body, headers=headers, **(claims or {}))

    async def read(self, customer_id: str | UUID, role: str = "agent", **claims: Any) -> dict[str, Any]:
        answer = await self.client.call("GET", f"/v1/customers/{customer_id}", role, **claims)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def reveal(
        self, customer_id: str | UUID, *fields: str, role: str = "supervisor", reason: str | None = "客户来电核实"
    ) -> httpx.Response:
        body = {"fields": list(fields)} | ({} if reason is None else {"reason": reason})
        return await self.client.call("POST", f"/v1/customers/{customer_id}/reveal", role, json=body)

    async def resolve(self, customer_id: str | UUID, channel: str = "email", role: str = "service") -> httpx.Response:
        body = {"channel": channel, "purpose": "transactional"}
        return await self.client.call("POST", f"/v1/customers/{customer_id}/contacts", role, json=body)

    async def events(self) -> list[str]:
        return [row.subject for row in await self.rows("SELECT subject FROM outbox ORDER BY id")]


__all__ = ["MING", "Files", "Verdict"]
