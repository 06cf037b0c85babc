"""One thing done to many tickets, each in a transaction of its own: a bad one falls out alone (T53).

Under an Idempotency-Key every ticket's part is remembered with its effect. When the request is cut off in the middle
and sent again, what was done is not done twice.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from fastapi import Request

from kit.http.edge import hold, hold_key, keep_answer, runtime_of
from kit.http.errors import StoredAnswer
from kit.logs import log
from kit.principals import Principal
from kit.problems import Problem, language_of, render
from kit.work import Transactions, Work
from services.ticket.macro import carrying, service
from services.ticket.macro.actions import ACTIONS, Action
from services.ticket.macro.models import Macro
from services.ticket.macro.schemas import BulkItem, BulkRequest


@dataclass(frozen=True, slots=True)
class Bulk:
    """A bulk request being carried out."""

    request: Request
    principal: Principal
    transactions: Transactions
    key: str | None
    actions: Sequence[Action]
    macro: Macro | None


async def carry_out(asked: BulkRequest, request: Request, principal: Principal) -> list[BulkItem]:
    """Do it to one ticket after the other; what became of each, in the order asked.

    Raises what `macro.service.asked_for` does, StoredAnswer for a key that has been answered; of a single ticket's
    problems none.
    """
    transactions = runtime_of(request).transactions
    key = request.headers.get("idempotency-key")
    async with transactions.begin(principal, request_id=request.state.request_id) as work:
        if key is not None:
            await hold_key(work, request, key)
        actions, macro = await service.asked_for(work, asked)
    bulk = Bulk(request, principal, transactions, key, actions, macro)
    return [await _one(bulk, ticket_id) for ticket_id in asked.ticket_ids]


async def _one(bulk: Bulk, ticket_id: UUID) -> BulkItem:
    try:
        return await _done(bulk, ticket_id)
    except StoredAnswer as earlier:
        return BulkItem.model_validate_json(earlier.body)
    except Problem as problem:
        return _failed(bulk, ticket_id, problem)
    except Exception as error:  # noqa: BLE001 - the others are not to suffer from it
        log.error("bulk.failed", error=error)
        return _failed(bulk, ticket_id, Problem("internal-error"))


async def _done(bulk: Bulk, ticket_id: UUID) -> BulkItem:
    state = bulk.request.state
    begin = bulk.transactions.begin(bulk.principal, request_id=state.request_id, traceparent=state.traceparent)
    async with begin as work:
        if bulk.key is not None:
            await hold(work, f"{bulk.key}#{ticket_id}", _print(work, bulk, ticket_id))
        ticket = await carrying.carry_out(work, ticket_id, bulk.actions)
        if bulk.macro is not None:
            await service.note_run(work, bulk.macro, ticket_id)
        item = BulkItem(ticket_id=ticket_id, done=True, version=ticket.version, status=ticket.status)
        if bulk.key is not None:
            await keep_answer(work, 200, {}, item.model_dump_json().encode())
    return item


def _print(work: Work, bulk: Bulk, ticket_id: UUID) -> bytes:
    return hmac.digest(work.key, ticket_id.bytes + ACTIONS.dump_json(list(bulk.actions)), hashlib.sha256)


def _failed(bulk: Bulk, ticket_id: UUID, problem: Problem) -> BulkItem:
    language = language_of(bulk.request.headers.get("accept-language"))
    _, _, body = render(problem, language=language, request_id=None)
    return BulkItem(ticket_id=ticket_id, done=False, problem=orjson.loads(body))
