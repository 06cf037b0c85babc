"""One value for every personal field and every secret, found nowhere else in the world, and where each may stand.

A run that uses them can be searched whole: whatever was written down anywhere is read as text, and a canary outside
its place is a leak (X6).
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

import orjson

FILE = {
    "name": "金雀甲鸣", "phone": "13955501917", "landline": "051885512347", "email": "File.Canary-77@example.com",
    "id_number": "320705198804121731", "wechat": "wx_canary_88412", "qq": "8841277341",
    "payment_account": "acct-canary-884120917", "address": "江苏省连云港市海州区金雀巷八八四号",
    "buyer_ref": "旺旺金雀八八四一", "notes": "夜里才接电话的金雀", "expectation": "盼着金雀回信",
}  # fmt: skip
"""A customer's file: sealed in the customer service."""

ORDER = {
    "recipient": "银雀乙啼", "phone": "13766609283", "address": "山东省日照市东港区银雀里七七三号",
    "tracking": "SFCANARY77341029", "payer": "payer-canary-55231", "buyer_ref": "旺旺银雀七七三二",
}  # fmt: skip
"""An order by HTTP: sealed in the ticket service."""

STREAMED = {
    "recipient": "铜雀丙唱", "phone": "18911173650", "address": "浙江省宁波市鄞州区铜雀弄六六二号",
    "tracking": "ZTCANARY66230918", "payer": "payer-canary-66231", "buyer_ref": "旺旺铜雀六六二三",
    "unfit": "铁雀丁号17033390214",
}  # fmt: skip
"""An order by NATS: in the private stream as well, and sealed where it could not be applied."""

STAFF = {"name": "石雀戊飞"}
"""A member of staff: open in the appraisal service alone."""

WRITTEN = {
    "phone": "15288804716", "email": "text.canary-5521@example.org", "id_number": "110105197909234461",
    "account": "6222884417730918", "plate": "苏GD88417",
}  # fmt: skip
"""What people write into free text: stays with the text, and is covered wherever the text is summed up."""

PAYEE = {"token": "payee-canary-44120"}
"""Whose money it was, of an order that is refunded: the payment side's own token, which only it can read. It is told
to the payment side by the event that lets it pay."""

RETURNED = {
    "tracking": "YTCANARY44120917", "corrected": "JDCANARY44120335", "replacement": "EMSCANARY4412088",
    "ahead": "DBCANARY44120662",
}  # fmt: skip
"""Parcels that come back and go out again: their numbers lie sealed."""

MOVED = {"name": "紫雀庚栖", "phone": "13644120873", "address": "福建省莆田市城厢区紫雀坊四四一号"}
"""Where a changed order is to go: sealed, and open to the storefront that carries it out."""

FORM = {"name": "赤雀辛飞", "phone": "18744120559", "address": "江西省上饶市信州区赤雀湾四四二号"}
"""What a customer filled into the form of a service request: sealed in the ticket service."""

ASKED = {"name": "木雀己问", "phone": "13011122847", "id_number": "440301199506178208", "code": "canary-asked-9917"}
"""What only ever stood in refused requests: nowhere at all."""


@dataclass
class Canary:
    """One value, its name, and the places where it may be found: patterns of `Place.name`."""

    name: str
    value: str
    allowed: tuple[str, ...] = ()

    def spellings(self) -> set[str]:
        """The ways in which a value can stand in bytes that somebody wrote."""
        raw = self.value.encode()
        escaped, shown = self.value.encode("unicode_escape").decode(), repr(raw)[2:-1]
        return {
            self.value, quote(self.value), quote_plus(self.value), escaped, shown, raw.hex(), raw.hex().upper(),
            base64.b64encode(raw).decode().rstrip("="), orjson.dumps(self.value).decode().strip('"'),
        }  # fmt: skip


@dataclass
class Place:
    """Something that was written down: a table, a stream, a log, an answer."""

    name: str
    text: str = field(repr=False)


def canaries(group: str, values: Mapping[str, str], *allowed: str) -> list[Canary]:
    """The values of one group, all with the same places."""
    return [Canary(f"{group}.{name}", value, allowed) for name, value in values.items()]


def leaks(birds: Iterable[Canary], places: Iterable[Place]) -> Iterator[str]:
    """Every canary outside its places, as `canary in place`; never the value itself."""
    wanted = [(bird, bird.spellings()) for bird in birds]
    for place in places:
        for bird, spellings in wanted:
            if any(one in place.text for one in spellings) and not _may_stand(bird, place):
                yield f"{bird.name} in {place.name}"


def found(bird: Canary, places: Iterable[Place]) -> list[str]:
    """Where it stands, allowed or not: a canary that is nowhere proves nothing."""
    return [place.name for place in places if any(one in place.text for one in bird.spellings())]


def _may_stand(bird: Canary, place: Place) -> bool:
    return any(re.fullmatch(pattern, place.name) for pattern in bird.allowed)
