"""One canary per personal field and per secret, through a whole run with kills and failures: found in no log, event,
metric, trace, dead letter, audit row or error, only with its owner (X6, issue of trust)."""

import asyncio
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import canary_places as written_down
import pytest
from canaries import (
    ASKED,
    FILE,
    FORM,
    MOVED,
    ORDER,
    PAYEE,
    RETURNED,
    STAFF,
    STREAMED,
    WRITTEN,
    Canary,
    Place,
    canaries,
    found,
    leaks,
)
from canary_after_sales import after_sales
from canary_story import Teller, failures, files_and_orders, identities, one_ticket, publish
from chaos import seeds, work_through
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from kills import kill_on
from local_stack import Running, stack
from tables import value

from kit.testing.poll import eventually
from ops.credentials import Secrets

TICKETS, KILLS = 60, 6
SERVICES = ("customer", "ticket", "appraisal", "notify", "gateway")
# A text stays with what it was written on.
TEXTS = (
    r"table ticket\.(ticket|ticket_message|order_flag|ticket_text|complaint(_\w+)?|attachment"
    r"|return_receipt|return_inspection|exchange_call|goodwill)"
)
TICKETS_SHOWN = (
    r"answer 20[01] (GET|POST) /v1/(tickets|orders|complaints|refunds|exchanges|order-changes|service-requests)(/.*)?"
)


def places_of_people() -> list[Canary]:
    """Personal values with the only places that may hold them."""
    private, revealed = "stream STOREFRONT", r"answer 200 POST /v1/customers/[^/]+/(reveal|contacts)"
    remarks = {name: FILE[name] for name in ("notes", "expectation")}
    return [
        *canaries("file", {name: one for name, one in FILE.items() if name not in remarks}, revealed),
        # What staff remarked on a person is shown to staff (C1).
        *canaries("file", remarks, r"answer 20[01] (GET|POST|PATCH) /v1/customers(/.*)?"),
        *canaries("order", ORDER),
        *canaries("streamed", STREAMED, private),
        *canaries("payee", PAYEE, "stream TICKET", r"table ticket\.outbox"),
        *canaries("returned", RETURNED),
        *canaries("moved", MOVED, r"answer 200 POST /v1/order-changes/[^/]+/recipient"),
        *canaries("form", FORM),
        *canaries("staff", STAFF, r"table appraisal\.staff"),
        *canaries("written", WRITTEN, TEXTS, TICKETS_SHOWN),
        *canaries("asked", ASKED),
    ]


def places_of_secrets(home: Path, vault_key: str, teller: Teller) -> list[Canary]:
    """Secrets with the one answer that tells them; those of the installation are told nowhere."""
    kept = teller.secrets
    birds = [
        Canary("secret.installation key", kept.installation_key),
        Canary("secret.vault key", vault_key),
        *canaries("secret.database", kept.databases),
        *canaries("secret.client", {name: one.client_secret for name, one in kept.clients.items()}),
        *canaries("secret.login", {name: one.password for name, one in kept.accounts.items()}),
    ]
    for path in (home / "stack" / "keys").glob("*.pem"):
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        raw = key.private_bytes_raw()
        lines = path.read_text().splitlines()
        texts = {"hex": raw.hex(), "jwk": urlsafe_b64encode(raw).decode().rstrip("="), "pem": lines[1]}
        birds += canaries(f"secret.signing key {path.stem}", texts)
    shown = {
        "client secret": r"answer 201 POST /v1/clients", "api key": r"answer 201 POST /v1/api-keys",
        "password": r"nowhere",
    }  # fmt: skip
    tokens = r"answer 200 POST /oauth/token"
    assert any(bird.name.startswith("secret.signing key") for bird in birds)
    return [*birds, *(Canary(f"told.{name}", one, (shown.get(name, tokens),)) for name, one in teller.told.items())]


@pytest.mark.chaos
@pytest.mark.timeout(400)
async def test_no_canary_sings_outside_its_cage(tmp_path: Path) -> None:
    seed = seeds()[0]
    vault_key, traces = secrets.token_hex(32), tmp_path / "traces"
    told = {
        "KEFU_VAULT_KEYS": f"canary:{vault_key}", "KEFU_TRACES": f"file:{traces}", "KEFU_TRACES_SHARE": "1",
        "KEFU_LOG_LEVEL": "debug", "KEFU_FAILPOINTS": "before-commit=raise@25",
    }  # fmt: skip
    async with stack(tmp_path, **told) as running:
        kept = Secrets.model_validate_json((running.home / "secrets.json").read_bytes())
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            teller = Teller(http, running.note["gateway"], kept)
            await tell(teller, running, seed)
        places = [place async for place in everything(running, tmp_path, traces, teller)]
    places += list(written_down.files(tmp_path, traces))  # what was said at the end as well
    birds = [*places_of_people(), *places_of_secrets(tmp_path, vault_key, teller)]
    sung = sorted(set(leaks(birds, places)))
    assert not sung, "\n".join((f"run it again with KEFU_SEED={seed}:", *sung))
    prove_that_they_sang(places)


async def tell(teller: Teller, running: Running, seed: int) -> None:
    """The story: quietly, then under kills, then everything that fails."""
    await identities(teller)
    customer_id = await files_and_orders(teller)
    await after_sales(teller)
    numbers = iter(range(TICKETS))

    async def worker() -> None:
        for number in numbers:
            await one_ticket(teller, number)

    load = asyncio.create_task(work_through(6, worker))
    done = await kill_on(running, KILLS, seed, load)
    await load
    assert sum(done.values()) == KILLS
    await publish(running)
    await eventually(lambda: settled(running), within=120)
    await failures(teller, running, customer_id)


async def settled(running: Running) -> bool:
    """Whether all events are out, three letters are buried and the customer has been written to."""
    for service in SERVICES:
        if await value(running, service, "SELECT count(*) FROM outbox WHERE published_at IS NULL"):
            return False
    letters = await value(running, "ticket", "SELECT count(*) FROM dead_letter")
    orders = await value(running, "ticket", "SELECT count(*) FROM shop_order WHERE order_no = 'NATS-1'")
    letters_out = any(FILE["email"] in path.read_text() for path in (running.home / "mail").rglob("*.eml"))
    return letters >= 3 and orders == 1 and letters_out


async def everything(running: Running, home: Path, traces: Path, teller: Teller) -> AsyncIterator[Place]:
    """All that was written down or answered."""
    for source in (written_down.tables(running), written_down.streams(running), written_down.metrics(running)):
        async for place in source:
            yield place
    for place in (*written_down.files(home, traces), *teller.heard):
        yield place


def prove_that_they_sang(places: list[Place]) -> None:
    """The search saw every kind of place, and finds what may be found: a blind search would be glad as well."""
    kinds = {place.name.partition(" ")[0] for place in places}
    assert kinds == {"table", "stream", "metrics", "log", "trace", "answer"}
    names = {place.name for place in places}
    assert {"table ticket.dead_letter", "table ticket.audit", "table notify.outbox", "stream TICKET"} <= names
    assert {f"log {service}.log" for service in SERVICES} <= names
    statuses = {place.name.split()[1] for place in places if place.name.startswith("answer")}
    assert {"400", "401", "403", "404", "409", "412", "415", "422", "500"} <= statuses
    assert "table ticket.ticket" in found(Canary("", WRITTEN["phone"]), places)
    assert "stream STOREFRONT" in found(Canary("", STREAMED["phone"]), places)
    assert "stream TICKET" in found(Canary("", PAYEE["token"]), places)
    assert any("recipient" in name for name in found(Canary("", MOVED["address"]), places))
    assert "table appraisal.staff" in found(Canary("", STAFF["name"]), places)
    assert any("reveal" in name for name in found(Canary("", FILE["id_number"]), places))


def test_the_search_finds_a_value_however_it_is_spelt() -> None:
    bird = Canary("file.name", FILE["name"], ("table a",))
    raw = FILE["name"].encode()
    for text in (
        FILE["name"],
        raw.hex(),
        str(raw),
        r"\u91d1\u96c0\u7532\u9e23",
        "%E9%87%91%E9%9B%80%E7%94%B2%E9%B8%A3",
    ):
        where = [Place("log b", f"x {text} y"), Place("table a", text)]
        assert list(leaks([bird], where)) == ["file.name in log b"], text


GROUPS = (FILE, ORDER, STREAMED, PAYEE, RETURNED, MOVED, FORM, STAFF, WRITTEN, ASKED)


@pytest.mark.parametrize("group", GROUPS)
def test_no_canary_is_part_of_another(group: dict[str, str]) -> None:
    every = [value for values in GROUPS for value in values.values()]
    assert len(set(every)) == len(every)
    for one in group.values():
        assert [other for other in every if one in other] == [one]
