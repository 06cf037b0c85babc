"""Who may do what at the broker: one table, made from the streams and their readers.

A service publishes its own nouns, asks for the messages of its own durables and acknowledges them; nothing else, and
least of all `$JS.API.>`, with which anybody could make a consumer for any subject. Streams and durables are made by
the operator at deployment (`kefu migrate`).

Whoever listens from outside gets the events of all public streams as they happen, may read what is stored by
sequence, and has a durable of its own on each of those streams, which the operator makes as well.
"""

from typing import NamedTuple

from contracts.catalogue import READERS, STREAMS

OPERATOR, SUBSCRIBER = "operator", "subscriber"


class BrokerUser(NamedTuple):
    """A login at the broker: the subjects it may publish to and subscribe to."""

    name: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def inbox_of(name: str) -> str:
    """The prefix of a user's answers: nobody else may listen there."""
    return f"_INBOX_{name}"


def _reads(stream: str, durable: str) -> tuple[str, ...]:
    """What reading a durable needs: asking for messages, and acknowledging them in both formats of the broker."""
    place = f"{stream}.{durable}"
    return (f"$JS.API.CONSUMER.MSG.NEXT.{place}", f"$JS.ACK.{place}.>", f"$JS.ACK.*.*.{place}.>")


def _owner(name: str) -> BrokerUser:
    own = tuple(subject for stream in STREAMS.values() if stream.owner == name for subject in stream.subjects)
    durables = tuple(
        subject for reader in READERS if reader.service == name for subject in _reads(reader.stream, reader.name)
    )
    return BrokerUser(name, own + durables, (f"{inbox_of(name)}.>",))


def subscriber(name: str) -> BrokerUser:
    """Somebody outside who listens under that name."""
    ways = ("DIRECT.GET.{0}", "DIRECT.GET.{0}.>", "STREAM.INFO.{0}", f"CONSUMER.INFO.{{0}}.{name}")
    stored = tuple(f"$JS.API.{way.format(stream.name)}" for stream in PUBLIC for way in ways)
    durables = tuple(subject for stream in PUBLIC for subject in _reads(stream.name, name))
    live = tuple(subject for stream in PUBLIC for subject in stream.subjects)
    return BrokerUser(name, stored + durables, (*live, f"{inbox_of(name)}.>"))


def _all() -> tuple[BrokerUser, ...]:
    owners = dict.fromkeys([*(stream.owner for stream in STREAMS.values()), *(reader.service for reader in READERS)])
    return (BrokerUser(OPERATOR, (">",), (">",)), *map(_owner, owners), subscriber(SUBSCRIBER))


PUBLIC = tuple(stream for stream in STREAMS.values() if not stream.private)
USERS: dict[str, BrokerUser] = {user.name: user for user in _all()}


def authorization(passwords: dict[str, str]) -> str:
    """The part of the broker's configuration that lets these users in, and nobody else; a name that isn't one of ours
    is a further subscriber's."""
    known = {name: USERS.get(name) or subscriber(name) for name in sorted(passwords)}
    users = ",\n".join(_entry(user, passwords[name]) for name, user in known.items())
    return f"authorization {{\n  users: [\n{users}\n  ]\n}}\n"


def _entry(user: BrokerUser, password: str) -> str:
    permissions = f"publish: {_list(user.publish)}, subscribe: {_list(user.subscribe)}"
    return f"    {{ user: {user.name}, password: {password}, permissions: {{ {permissions} }} }}"


def _list(subjects: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{subject}"' for subject in subjects) + "]"
