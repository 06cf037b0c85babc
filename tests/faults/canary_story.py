"""A whole story told with canaries: people's files, orders by both ways, tickets under kills, and requests that fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import asyncpg
import nats
import orjson
from canaries import ASKED, FILE, ORDER, STAFF, STREAMED, WRITTEN, Place
from local_stack import Running

from contracts.catalogue import EVENTS
from contracts.event import Event
from contracts.storefront import order_key
from kit.envelope import Meta, headers
from kit.ids import new_id
from kit.testing.poll import eventually
from ops.credentials import Secrets

AGAIN = (429, 502, 503, 504)
SECONDS = 60.0
NOT_YET = ("idempotency-in-flight", "not-yet-known")
TEXT = "来电 {phone} 信箱 {email} 身份证 {id_number} 卡号 {account} 车牌 {plate}".format(**WRITTEN)
NOW = datetime.now(UTC).isoformat()
CANARY_FILE: dict[str, Any] = {
    "name": FILE["name"], "phones": [FILE["phone"], FILE["landline"]], "emails": [FILE["email"]],
    "id_number": FILE["id_number"], "wechat": FILE["wechat"], "qq": FILE["qq"], "addresses": [FILE["address"]],
    "payment_account": FILE["payment_account"], "accounts": [{"buyer_ref": FILE["buyer_ref"]}],
    "notes": FILE["notes"], "expectation": FILE["expectation"],
}  # fmt: skip


@dataclass
class Teller:
    """Everybody who speaks to the gateway, and every answer that they heard."""

    http: aiohttp.ClientSession
    gateway: str
    secrets: Secrets
    heard: list[Place] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    etag: str = ""

    async def say(
        self, who: str | None, method: str, path: str, json: object = None, *, expect: int | None = None,
        again: tuple[int, ...] = (*AGAIN, 500), **headers: str,
    ) -> Any:  # fmt: skip
        """One request, repeated while a process is down; what came back is kept. With a status to expect, its body."""
        body = None if json is None else orjson.dumps(json)
        given = {name.replace("_", "-"): value for name, value in headers.items()}

        async def settled() -> tuple[int, str] | None:
            status, text = await self._once(who, method, path, body, given)
            if status == 401 and who:
                self.tokens.pop(who, None)
                return None
            is_final = status and status not in again and not any(one in text for one in NOT_YET)
            return (status, text) if is_final else None

        status, text = await eventually(settled, within=SECONDS)
        assert expect in (None, status), f"{method} {path}: {status}"
        return orjson.loads(text) if expect is not None and text else None

    async def _once(
        self, who: str | None, method: str, path: str, body: bytes | None, given: Mapping[str, str]
    ) -> tuple[int, str]:
        """One try; status 0 when nobody answered."""
        try:
            signed = {"Authorization": f"Bearer {await self.token(who)}"} if who else {}
            sent = {"Content-Type": "application/json", **signed, **given}
            async with self.http.request(method, self.gateway + path, data=body, headers=sent) as answer:
                text = (await answer.read()).decode(errors="replace")
                self.etag = answer.headers.get("ETag", "")
                label = f"answer {answer.status} {method} {path.partition('?')[0]}"
                self.heard.append(Place(label, f"{dict(answer.headers)} {text}"))
                return answer.status, text
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    async def token(self, who: str) -> str:
        """An access token: of a role's login, of the storefront, of `name:password` or a client's `id:secret`."""
        if who not in self.tokens:
            self.tokens[who] = (await self.sign_in(self.form(who)))["access_token"]
            self.told[f"access token of {who.partition(':')[0]}"] = self.tokens[who]
        return self.tokens[who]

    def form(self, who: str) -> dict[str, str]:
        """What somebody signs in with."""
        if who in self.secrets.clients:
            client = self.secrets.clients[who]
            return {"grant_type": "client_credentials", "client_id": client.client_id,
                    "client_secret": client.client_secret}  # fmt: skip
        if who == "buyer":
            return {**self.form("storefront"), "shop": "main", "buyer": FILE["buyer_ref"]}
        if who in self.secrets.accounts:
            account = self.secrets.accounts[who]
            return {"grant_type": "password", "username": account.username, "password": account.password}
        name, _, password = who.partition(":")
        return {"grant_type": "password", "username": name, "password": password}

    async def sign_in(self, form: Mapping[str, str]) -> dict[str, str]:
        """The answer of the token endpoint, good or bad."""

        async def answered() -> dict[str, str] | None:
            try:
                async with self.http.post(f"{self.gateway}/oauth/token", data=form) as answer:
                    body = await answer.read()
                    label = f"answer {answer.status} POST /oauth/token"
                    self.heard.append(Place(label, f"{dict(answer.headers)} {body.decode()}"))
                    return None if answer.status in (*AGAIN, 500) else dict(orjson.loads(body))
            except (aiohttp.ClientError, TimeoutError):
                return None

        return await eventually(answered, within=SECONDS)


async def identities(teller: Teller) -> None:
    """Secrets of every kind come into the world: a login, a session, a client, an API key."""
    admin = "admin"
    staff = {"name": STAFF["name"], "role": "agent"}
    hired = await teller.say(admin, "POST", "/v1/staff", staff, expect=201, Idempotency_Key="hire")
    await teller.say(admin, "GET", "/v1/staff", expect=200)
    password = "canary-pass-8841-Kx"
    login = {"username": "canary-agent", "password": password, "roles": ["agent"], "staff_id": hired["staff_id"]}
    await teller.say(admin, "POST", "/v1/accounts", login, expect=201)
    session = await teller.sign_in(teller.form(f"canary-agent:{password}"))
    refreshed = await teller.sign_in({"grant_type": "refresh_token", "refresh_token": session["refresh_token"]})
    await teller.sign_in({"grant_type": "refresh_token", "refresh_token": session["refresh_token"]})  # used twice
    client = {"client_id": "canary-shop", "name": "分店", "roles": ["storefront"]}
    made = await teller.say(admin, "POST", "/v1/clients", client, expect=201)
    asked = {"client_id": "canary-shop", "scopes": ["storefront"], "expires_at": "2027-05-01T00:00:00+08:00"}
    key = await teller.say(admin, "POST", "/v1/api-keys", asked, expect=201)
    await teller.say(None, "GET", "/v1/orders", expect=200, X_Api_Key=key["api_key"])
    await teller.say(None, "GET", f"/v1/orders?api_key={key['api_key']}", expect=400)
    await teller.say(admin, "POST", "/v1/signing-keys/rotate", expect=201)
    teller.told |= {
        "password": password, "access token": session["access_token"], "refresh token": session["refresh_token"],
        "second refresh token": refreshed["refresh_token"], "client secret": made["client_secret"],
        "api key": key["api_key"],
    }  # fmt: skip


async def files_and_orders(teller: Teller) -> str:
    """A file with every field, looked at in every way; an order by HTTP. Returns the customer's id."""
    made = await teller.say("agent", "POST", "/v1/customers", CANARY_FILE, expect=201, Idempotency_Key="file")
    customer = f"/v1/customers/{made['customer_id']}"
    await teller.say("agent", "GET", customer, expect=200)
    await teller.say("agent", "PATCH", customer, {"notes": FILE["notes"]}, If_Match=f'"{made["version"]}"')
    for query in (f"phone={FILE['phone']}", f"email={FILE['email']}"):
        await teller.say("agent", "GET", f"/v1/customers?{query}", expect=200)
    everything = ["name", "id_number", "phones", "emails", "wechat", "qq", "payment_account", "addresses", "accounts"]
    await teller.say("supervisor", "POST", f"{customer}/reveal", {"fields": everything, "reason": TEXT}, expect=200)
    await teller.say("service", "POST", f"{customer}/contacts", {"channel": "email", "purpose": "care"}, expect=200)
    await teller.say("storefront", "PUT", "/v1/orders/main/CAN-1", an_order(), expect=201)
    await teller.say("agent", "GET", "/v1/orders/main/CAN-1", expect=200)
    flag = {"colour": "green", "remark": f"【菲菲】({TEXT})8/10"}
    await teller.say("agent", "POST", "/v1/orders/main/CAN-1/flags", flag, expect=201, Idempotency_Key="flag")
    await complaint_and_paper(teller)
    return str(made["customer_id"])


async def complaint_and_paper(teller: Teller) -> None:
    """A complaint with what happened and what is wished, and a file of the customer's own."""
    told = {
        "category": "service", "subject": f"投诉 {WRITTEN['plate']}", "description": TEXT, "wish": TEXT,
        "occurred_at": NOW, "order_no": "CAN-1",
    }  # fmt: skip
    made = await teller.say("agent", "POST", "/v1/complaints", told, expect=201, Idempotency_Key="complain")
    case = made["complaint_id"]
    judged = {"nature": "founded", "severity": 2, "reason": TEXT[:190]}
    read = {"Idempotency_Key": "judge", "If_Match": teller.etag}
    await teller.say("supervisor", "POST", f"/v1/complaints/{case}/judge", judged, expect=200, **read)
    await teller.say("agent", "GET", f"/v1/complaints/{case}/letter")
    paper = aiohttp.FormData()
    paper.add_field(
        "file", TEXT.encode(), filename=f"{WRITTEN['plate']} {WRITTEN['phone']}.txt", content_type="text/plain"
    )
    path = f"/v1/tickets/{case}/attachments"
    given = {"Authorization": f"Bearer {await teller.token('agent')}"}
    async with teller.http.post(teller.gateway + path, data=paper, headers=given) as answer:
        teller.heard.append(Place(f"answer {answer.status} POST {path}", await answer.text()))
        assert answer.status == 201


async def one_ticket(teller: Teller, number: int) -> None:
    """An order with its people and a ticket about it through its life, every step asked again until it is done."""
    order_no = f"LOAD-{number}"
    buyer = FILE["buyer_ref"] if number % 2 else ORDER["buyer_ref"]  # whose file has an address is written to
    await teller.say("storefront", "PUT", f"/v1/orders/main/{order_no}", an_order(buyer))
    ticket = {"subject": f"转办 {WRITTEN['plate']}", "description": TEXT, "order_no": order_no, "channel": "phone"}
    opened = await teller.say("agent", "POST", "/v1/tickets", ticket, expect=201, Idempotency_Key=f"open-{number}")
    path = f"/v1/tickets/{opened['ticket_id']}"
    for verb, body in (
        ("start", None), ("wait", {"waiting_on": "customer", "reason": TEXT[:190]}), ("resume", None),
        ("messages", {"text": TEXT}), ("solve", {"solution": TEXT}), ("close", None),
    ):  # fmt: skip
        await teller.say("agent", "POST", f"{path}/{verb}", body, Idempotency_Key=f"{verb}-{number}")


async def publish(running: Running) -> None:
    """Orders from the storefront's broker: one that fits, and three that never will."""
    client = await nats.connect(running.note["nats"])
    try:
        placed = EVENTS["storefront.order.placed"]
        good = placed.model_validate({"shop": "main", "order_no": "NATS-1", "order": streamed()})
        wrong = streamed() | {"buyer_ref": f"{STREAMED['unfit']}\n"}
        unfit = placed.model_validate({"shop": "main", "order_no": "NATS-2", "order": wrong})
        bodies: list[tuple[Event, bytes]] = [
            (good, good.model_dump_json().encode()), (unfit, unfit.model_dump_json().encode()),
            (unfit, b'{"' + STREAMED["unfit"].encode() + b'": 1'),
            (unfit, orjson.dumps({"shop": "main", "order_no": 1, STREAMED["unfit"]: STREAMED["phone"]})),
        ]  # fmt: skip
        for place, (event, body) in enumerate(bodies):
            key = order_key("main", f"NATS-{place}")
            meta = Meta(new_id(), event.SUBJECT, event.aggregate_id if place < 2 else key, 1, datetime.now(UTC))
            await client.jetstream().publish(event.SUBJECT, body, headers=headers(meta, owner="storefront"))
    finally:
        await client.close()


async def failures(teller: Teller, running: Running, customer_id: str) -> None:
    """Everything that can go wrong with a person's data in the hand."""
    phone, name, number = ASKED["phone"], ASKED["name"], ASKED["id_number"]
    say = teller.say
    for body in (
        {"name": name, "phones": [f"{phone}0"]}, {"phones": [phone], name: number}, {"id_number": number[:-1] + "1"},
        {"phones": phone}, [name], {"emails": [f"{name}@"], "qq": f"{phone}9999", "wechat": name},
        {**CANARY_FILE, "birthday": number},
    ):  # fmt: skip
        await say("agent", "POST", "/v1/customers", body, expect=422, Idempotency_Key=str(new_id()))
    await say("agent", "POST", "/v1/customers", CANARY_FILE, expect=409)
    await say("agent", "PATCH", f"/v1/customers/{customer_id}", {"name": 1, name: phone}, expect=422, If_Match='"1"')
    await say("agent", "PATCH", f"/v1/customers/{customer_id}", {"notes": FILE["notes"]}, expect=412, If_Match='"9"')
    await say("agent", "GET", f"/v1/customers/{name}", expect=422)
    await say("agent", "GET", f"/v1/orders/main/{phone}", expect=404)
    await say("agent", "GET", f"/v1/customers?{name}={phone}&id_number={number}", expect=422)
    await say("agent", "GET", f"/v1/customers?phone={name}&cursor={number}", expect=422)
    await say("agent", "GET", f"/v1/{ASKED['code']}/{phone}", expect=404)
    await say("agent", "POST", "/v1/tickets", {"subject": f"{name}\n{phone}", name: 1}, expect=422)
    await say("agent", "POST", "/v1/tickets", {"subject": TEXT, "order_no": phone}, expect=404)
    await say("storefront", "PUT", "/v1/orders/main/CAN-9", an_order() | {"buyer_ref": f"{name}\n"}, expect=422)
    batch = {"orders": [an_order() | {"order_no": phone, "recipient": {"phone": [phone], name: name}}, name]}
    await say("storefront", "POST", "/v1/orders/batches", batch, expect=200)
    await say("agent", "POST", f"/v1/customers/{customer_id}/reveal", {"fields": [name]}, expect=403)
    await say("buyer", "GET", "/v1/orders/main/CAN-1", expect=404)
    for form in ({"grant_type": "password", "username": phone, "password": ASKED["code"]}, {"grant_type": name},
                 {"grant_type": "client_credentials", "client_id": "storefront", "client_secret": ASKED["code"]},
                 {"grant_type": "refresh_token", "refresh_token": ASKED["code"]}):  # fmt: skip
        await teller.sign_in(form)
    await say(None, "GET", "/v1/tickets", expect=401, Authorization=f"Bearer {ASKED['code']}.{phone}.x")
    await say(None, "GET", "/v1/tickets", expect=401, X_Api_Key=ASKED["code"])
    await raw(teller, f'{{"name": "{name}", "phones": ["{phone}"'.encode())
    await raw(teller, f"name={name}".encode(), "application/x-www-form-urlencoded")
    await break_a_seal(running)
    await say("agent", "GET", "/v1/orders/main/CAN-1", expect=500, again=AGAIN)


async def raw(teller: Teller, body: bytes, kind: str = "application/json") -> None:
    """A body that is no JSON."""
    given = {"Authorization": f"Bearer {await teller.token('agent')}", "Content-Type": kind}
    async with teller.http.post(f"{teller.gateway}/v1/customers", data=body, headers=given) as answer:
        assert answer.status in (400, 415)
        label = f"answer {answer.status} POST /v1/customers"
        teller.heard.append(Place(label, f"{dict(answer.headers)} {await answer.text()}"))


async def break_a_seal(running: Running) -> None:
    """Somebody moves a recipient to another order: opening it fails inside the service."""
    connection = await asyncpg.connect(running.note["databases"]["ticket"])
    try:
        await connection.execute("UPDATE order_delivery SET sealed_recipient = sealed_tracking")
    finally:
        await connection.close()


def an_order(buyer: str = ORDER["buyer_ref"]) -> dict[str, Any]:
    """An order by HTTP with everything that names people."""
    return {
        "buyer_ref": buyer, "placed_at": NOW, "paid_at": NOW, "paid": "20.00",
        "lines": [{"line_no": 1, "sku": "TEA", "quantity": 1, "paid_total": "20.00"}],
        "recipient": {"name": ORDER["recipient"], "phone": ORDER["phone"], "address": ORDER["address"]},
        "tracking_number": ORDER["tracking"], "payer_token": ORDER["payer"], "courier": "SF",
    }  # fmt: skip


def streamed() -> dict[str, Any]:
    """The same in the words of the storefront's events."""
    price = {"amount": "20.00", "currency": "CNY"}
    nothing = {"amount": "0", "currency": "CNY"}
    line = {"line_no": 1, "sku": "TEA", "product_name": "茶", "quantity": 1, "unit_price": price, "paid_total": price}
    return {
        "buyer_ref": STREAMED["buyer_ref"], "goods_total": price, "discount": nothing, "freight": nothing,
        "lines": [line], "placed_at": NOW, "payer_token": STREAMED["payer"], "tracking_no": STREAMED["tracking"],
        "recipient": {"name": STREAMED["recipient"], "phone": STREAMED["phone"], "address": STREAMED["address"]},
    }  # fmt: skip
