"""A million tickets with their texts, made set by set and copied in; the same every time for the same number.

Tickets are spread over two years, 8% of them are worked on. Texts are put together from what agents write, so that
words have known shares: from a quarter of all tickets down to three, and none. A word of the older half alone, and
two common words that never meet, are there because a search is tempted to walk far for them.
"""

import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from services.ticket.search import words

SHOPS = 10
MONTHS = 24
_BLOCK = 5_000
_TABLES = ("ticket", "ticket_text", "clock", "clock_fact", "complaint_tally")
_TOPICS = {
    "申请退款": 25, "物流不动了": 20, "质量有问题": 15, "想换货": 12, "要开发票": 10, "尺码不合适": 8,
    "客服没回复": 6, "优惠没用上": 3, "安装不了": 0.9, "赠品漏发": 0.1,
}  # fmt: skip
_PLACES = ("顺丰", "中通", "圆通", "韵达", "邮政", "德邦")
_FILLING = (
    "买家说已经等了三天", "请尽快处理", "态度比较急", "照片已经收到", "电话没有人接", "答应明天再联系",
    "第二次来问了", "外包装压坏", "收货地址写错", "要求补发一件", "仓库说没有库存", "已经登记给主管",
    "系统里查不到记录", "愿意再等两天", "之前的承诺没有兑现", "希望上门取件", "金额和页面不一样",
    "颜色和图片差很多", "少了一个配件", "说明书是英文的",
)  # fmt: skip
_PIECES = ("衬衫", "外套", "台灯", "水壶", "背包", "键盘", "耳机", "雨伞", "毛毯", "拖鞋")
_GOODS = tuple(f"{colour}{piece}" for colour in "蓝灰米棕紫橙银金粉绿" for piece in _PIECES)

_TICKETS = """
INSERT INTO ticket (ticket_id, number, kind, shop, status, waiting_on, subject, description, priority, channel,
    source, opened_by, opened_at, solved_at, closed_at, outcome, assignee_staff_id, category, group_code, unit_id,
    due_at, clock_due_at, times_reopened, touched_by, version, event_seq)
SELECT id, 'T20261122-' || lpad(n::text, 9, '0'), CASE WHEN dice % 20 = 7 THEN 'complaint' ELSE 'inquiry' END,
    'shop-' || dice % {shops}, status, CASE status WHEN 'waiting' THEN 'courier' END, '查单', '见正文', 'normal',
    'chat', 'manual', 'staff:bench', at, CASE WHEN status IN ('solved', 'closed') THEN at + interval '1 day' END,
    CASE WHEN status IN ('closed', 'cancelled') THEN at + interval '2 days' END,
    CASE status WHEN 'closed' THEN 'solved' WHEN 'cancelled' THEN 'cancelled' END,
    CASE WHEN die % 3 > 0 THEN md5((dice % 200)::text)::uuid END,
    (ARRAY['quality', 'service', 'general'])[dice % 3 + 1],
    'group-' || dice % 20, md5('unit' || dice % 20)::uuid, due_at, due_at, 0, '[]', 1, 1
FROM (
    SELECT n, at, uuidv7(at - clock_timestamp()) AS id, dice, die, status,
        CASE WHEN status IN ('new', 'open', 'waiting') THEN at + interval '30 days' + dice % 1000 * interval '1 min'
        END AS due_at
    FROM (
        SELECT n, $2::timestamptz + n * ($3::interval / $4::int) AS at, dice, die,
            CASE WHEN die < 60 THEN 'open' WHEN die < 65 THEN 'new' WHEN die < 80 THEN 'waiting'
                WHEN die < 200 THEN 'solved' WHEN die < 250 THEN 'cancelled' ELSE 'closed' END AS status
        FROM (
            SELECT n, hashint4(-n) & 2147483647 AS dice, (hashint4(n) & 2147483647) % 1000 AS die
            FROM generate_series($1::int, $1::int + {block} - 1) n WHERE n < $4::int
        )
    )
)
RETURNING ticket_id, shop, opened_at
"""
_CLOCKS = """
INSERT INTO clock (clock_id, kind, ticket_id, ticket_number, ticket_kind, shop, status, waiting, by_hand,
    target_seconds, warn_seconds, policy_name, policy_shop, policy_version, started_at, running_since, used, due_at,
    warn_at, wake_at, ended_at, version, event_seq)
SELECT uuidv7(opened_at - clock_timestamp()), 'solution', ticket_id, number, kind, shop,
    CASE WHEN due_at IS NULL THEN 'met' ELSE 'running' END, false, false, 3600, 2880, 'sla-targets', 'main', 1,
    opened_at, CASE WHEN due_at IS NOT NULL THEN opened_at END, interval '0', coalesce(due_at, opened_at), opened_at,
    due_at, CASE WHEN due_at IS NULL THEN opened_at + interval '1 day' END, 1, 1
FROM ticket
"""
_TALLY = """
INSERT INTO complaint_tally (month, measure, shop, key, complaints)
SELECT month, measure, shop, key, count(*) FROM (
    SELECT to_char(opened_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, shop, category, unit_id::text AS unit,
        md5(((hashtext(number) & 2147483647) % 200)::text)::uuid::text AS agent, hashtext(number) & 2147483647 AS dice
    FROM ticket WHERE kind = 'complaint'
) c CROSS JOIN LATERAL (VALUES
    ('opened', ''), ('category', category), ('grade', (ARRAY['ordinary', 'repeat', 'malignant'])[dice % 20 / 18 + 1]),
    ('nature', (ARRAY['founded', 'unfounded'])[dice % 2 + 1]), ('unit', unit), ('unit_founded', unit),
    ('responsible', agent), ('ended', 'closed'), ('promise', (ARRAY['kept', 'broken'])[dice % 10 / 9 + 1]),
    ('handled', agent), ('handled_kept', agent), ('minutes', (dice % 20000)::text)
) AS cell (measure, key)
GROUP BY month, measure, shop, key
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded, and how long it took."""

    tickets: int
    seconds: float
    bytes: int


async def load(connection: "asyncpg.Connection[asyncpg.Record]", tickets: int, until: datetime) -> Loaded:
    """Fill an empty ticket database; its indexes are made when the rows are there."""
    began = time.monotonic()
    since = until - timedelta(days=30 * MONTHS)
    await connection.execute(
        "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'"
    )
    indexes = await _without_indexes(connection)
    statement = _TICKETS.format(shops=SHOPS, block=_BLOCK)
    dice = random.Random(26)
    for first in range(0, tickets, _BLOCK):
        rows = await connection.fetch(statement, first, since, until - since, tickets)
        await connection.copy_to_table("ticket_text", source=_lines(rows, first, tickets, dice))
    await connection.execute(_CLOCKS)
    await connection.execute(_TALLY)
    for definition in indexes:
        await connection.execute(definition)
    await connection.execute("VACUUM (ANALYZE)")
    size = await connection.fetchval("SELECT pg_database_size(current_database())")
    return Loaded(tickets, time.monotonic() - began, int(size))


async def _without_indexes(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """Drop the indexes that no constraint needs; how to make them again."""
    found = await connection.fetch(
        """
        SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1::text[])
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname) ORDER BY indexname
        """,
        list(_TABLES),
    )
    for row in found:
        await connection.execute(f'DROP INDEX "{row["indexname"]}"')
    return [row["indexdef"] for row in found]


async def _lines(rows: list["asyncpg.Record"], first: int, tickets: int, dice: random.Random) -> AsyncIterator[bytes]:
    """The tickets' texts as COPY takes them: every word's entry was worked out once."""
    lines = []
    for number, row in enumerate(rows, first):
        ticket_id: UUID = row["ticket_id"]
        parts = list(_parts(number, tickets, dice))
        body = "，".join(part.body for part in parts)
        plain = " ".join(part.plain for part in parts)
        place = " ".join(f"'{entry}'" for entry in words.place(row["shop"], row["opened_at"]))
        entries = " ".join((*(part.entries for part in parts), place))
        shop, at = row["shop"], row["opened_at"].isoformat()
        lines.append(f"{ticket_id}\t{ticket_id}\t{shop}\t{at}\tf\t{body}\t {plain} \t{entries}\n")
    yield "".join(lines).encode()


@dataclass(frozen=True, slots=True)
class _Part:
    body: str
    plain: str
    entries: str


def _part(body: str) -> _Part:
    return _Part(body, words.plain(body).strip(), " ".join(f"'{entry}'" for entry in sorted(words.entries(body))))


_KNOWN = {body: _part(body) for body in (*_TOPICS, *_PLACES, *_FILLING, *_GOODS, "清仓", "榴莲", "砚台")}
_WEIGHTS = list(_TOPICS.values())


def _parts(number: int, tickets: int, dice: random.Random) -> Iterator[_Part]:
    """What one ticket says."""
    yield _KNOWN[dice.choices(list(_TOPICS), _WEIGHTS)[0]]
    yield _KNOWN[dice.choice(_PLACES)]
    yield _KNOWN[dice.choice(_GOODS)]
    for filling in dice.sample(_FILLING, 3):
        yield _KNOWN[filling]
    yield _part(f"订单A{number:08d}")
    if number < tickets // 2 and dice.random() < 0.3:
        yield _KNOWN["清仓"]
    if number % (tickets // 60) == 17:
        yield _KNOWN["榴莲"]
    if number in (5, tickets // 3, tickets - 7):
        yield _KNOWN["砚台"]


def now() -> datetime:
    """The end of the two years."""
    return datetime.now(UTC)
