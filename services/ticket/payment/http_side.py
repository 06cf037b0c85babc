"""The payment side over HTTP.

`PUT {url}/payments/{number}` pays, or says again what became of it; `GET {url}/payments/{number}` says what became of
it, 404 for a number never heard of; `GET {url}/payments?from=&to=&cursor=` lists what was paid. All with a bearer
token. 202 means that the answer follows: it is asked for, sent to `/v1/payments/answers`, or told as an event.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import aiohttp
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from contracts.fields import Code
from contracts.price import Amount, Currency
from kit.clock import as_utc
from kit.http.fields import Instant
from kit.money import Money
from services.ticket.payment.port import Answer, Order, PaymentsAwayError, Result, Standing
from services.ticket.payment.settings import PaymentSettings

_PAGES = 10_000


class Said(BaseModel):
    """What the payment side says of one number; what else it says is nothing to us."""

    model_config = ConfigDict(extra="ignore")

    payment_key: UUID
    status: Literal["paid", "failed", "pending"]
    amount: Amount
    currency: Currency
    reference: Code | None = None
    failure: Code | None = None
    retryable: bool = True
    at: Instant | None = None


class Listed(BaseModel):
    """One page of what was paid."""

    model_config = ConfigDict(extra="ignore")

    items: list[Said]
    next_cursor: str | None = None


class HttpPaymentSide:
    """Calls the payment side; every wait is bounded, and no redirect is followed with the token in hand."""

    def __init__(self, url: str, token: SecretStr, *, seconds: float) -> None:
        self._url = f"{url.rstrip('/')}/payments"
        self._headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
        self.seconds = seconds
        self._http: aiohttp.ClientSession | None = None

    async def pay(self, order: Order) -> Answer | Standing:
        """Pay. Raises PaymentsAwayError: it may have been paid."""
        told = {
            "amount": order.amount.amount,
            "currency": order.amount.currency,
            "cause": order.cause.value,
            "cause_id": str(order.cause_id),
            "shop": order.shop,
            "order_no": order.order_no,
            "payee_token": order.payee_token,
            "attempt": order.attempt,
        }
        status, body = await self._request("PUT", f"/{order.payment_key}", json=told)
        if status == 202:
            return Standing.PENDING
        if status not in (200, 201):
            raise PaymentsAwayError(str(status))
        return _answer(body, order.payment_key, order.attempt)

    async def ask(self, payment_key: UUID) -> Answer | Standing:
        """What became of a number. Raises PaymentsAwayError."""
        status, body = await self._request("GET", f"/{payment_key}")
        if status == 404:
            return Standing.NOT_KNOWN
        if status == 202:
            return Standing.PENDING
        if status != 200:
            raise PaymentsAwayError(str(status))
        return _answer(body, payment_key)

    async def list_paid(self, starts_at: datetime, ends_at: datetime) -> AsyncIterator[Answer]:
        """What was paid from one instant up to another. Raises PaymentsAwayError."""
        asked = {"from": starts_at.isoformat(), "to": ends_at.isoformat()}
        for _ in range(_PAGES):
            status, body = await self._request("GET", "", params=asked)
            if status != 200:
                raise PaymentsAwayError(str(status))
            page = _read(Listed, body)
            for said in page.items:
                if said.status == "paid":
                    yield _told(said)
            if page.next_cursor is None:
                return
            asked["cursor"] = page.next_cursor
        raise PaymentsAwayError("the list doesn't end")

    async def close(self) -> None:
        """Give all connections back."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _request(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=self.seconds)
            self._http = aiohttp.ClientSession(timeout=timeout, headers=self._headers)
        try:
            async with self._http.request(method, self._url + path, allow_redirects=False, **options) as answer:
                body = await answer.json(content_type=None) if answer.status < 300 else None
                return answer.status, body
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            raise PaymentsAwayError(type(error).__name__) from error


def open_side() -> HttpPaymentSide | None:
    """The payment side by the environment's settings; None where it listens to events. Raises UnsafeSettingsError."""
    settings = PaymentSettings()
    if settings.url is None or settings.token is None:
        return None
    return HttpPaymentSide(settings.url, settings.token, seconds=settings.seconds)


def _answer(body: Any, payment_key: UUID, attempt: int | None = None) -> Answer | Standing:
    """Raises PaymentsAwayError for what is about another number: it says nothing of this one."""
    said = _read(Said, body)
    if said.payment_key != payment_key:
        raise PaymentsAwayError("another number")
    return Standing.PENDING if said.status == "pending" else _told(said, attempt)


def _told(said: Said, attempt: int | None = None) -> Answer:
    if said.reference is None or said.at is None:
        raise PaymentsAwayError("no reference")
    return Answer(
        number=said.payment_key,
        result=Result(said.status),
        reference=said.reference,
        amount=_money(said),
        at=as_utc(said.at),
        failure=said.failure,
        retryable=said.retryable,
        attempt=attempt,
    )


def _money(said: Said) -> Money:
    try:
        return Money.parse(said.amount, said.currency)
    except ValueError as error:
        raise PaymentsAwayError("no amount") from error


def _read(model: type[BaseModel], body: Mapping[str, Any]) -> Any:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise PaymentsAwayError("unreadable") from error
