"""The page that a manager reads in the evening: plain text, each figure as a service told it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from statistics import quantiles

from ops.demo.figures import SIDES, Figures, Row, adds_up
from ops.demo.text import amount, columns, count, duration, listed
from ops.demo.words import CHANNELS, FLAGS, GRADES, KINDS, NATURES, REASONS

Lines = Iterator[str]
_SPENT = ("spend", "refunded", "net")
_SIGNS = {"paid": "paid 已收", "kept": "= kept 留存", "refunded": "+ refunded 已退", "in_flight": "+ in flight 在途"}
_MONEY_KINDS = ("money_only", "return_and_money")
_IN_HAND = ("new", "open", "waiting")
_ONCE = ("event_id", "recipient_staff_id", "recipient_customer_id", "channel")


def page(seen: Figures, at: datetime) -> str:
    """All of it."""
    sections: Sequence[tuple[str, Callable[[Figures], Lines]]] = (
        ("ORDERS AND CUSTOMERS  订单与客户", _orders),
        ("TICKETS  工单", _tickets),
        ("FIRST REPLIES  首次回复", _replies),
        ("COMPLAINTS  投诉", _complaints),
        ("REFUNDS AND EXCHANGES  退换货", _refunds),
        ("THE BOOKS  账目", _books),
        ("AGENTS  客服业绩", _agents),
        ("MESSAGES  通知", _messages),
    )
    lines = [f"THE DAY  日报  {at:%Y-%m-%d %H:%M}"]
    for title, tell in sections:
        lines += ["", title, *(f"  {line}" for line in tell(seen))]
    return "\n".join(lines)


def _orders(seen: Figures) -> Lines:
    head = ("shop 店铺", "customers 客户", "orders 订单", "spend 消费", "refunded 已退", "net 净额", "")
    rows = [
        (one["shop"], count(one["customers"]), count(one["orders"]), *(amount(one[sum_]) for sum_ in _SPENT))
        for one in seen.purchases
    ]
    yield from columns([head, *((*row, one["currency"]) for row, one in zip(rows, seen.purchases, strict=True))])
    tiers = Counter(one["tier"] or "none yet 未分级" for one in seen.tickets)
    yield f"tier 客户分级 of those who wrote today: {listed(tiers)}"
    flags = Counter(FLAGS[one["flag_meaning"] or ""] for one in seen.today)
    yield f"flags 旗子 of today's orders: {listed(flags)}"


def _tickets(seen: Figures) -> Lines:
    head = ("kind 种类", "opened 受理", "solved 办结", "neither 撤销拒绝", "at work 处理中", "breached 超时")
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for ticket in seen.tickets:
        by_kind[ticket["kind"]].append(ticket)
    rows = [(KINDS[kind], *_counts(its)) for kind, its in _most_first(by_kind)]
    yield from columns([head, *rows, ("all 合计", *_counts(seen.tickets))])


def _counts(tickets: Sequence[Row]) -> tuple[str, ...]:
    ended = [one for one in tickets if one["status"] not in _IN_HAND]
    solved = sum(one["outcome"] in (None, "solved") and one["status"] != "cancelled" for one in ended)
    late = sum(any(clock["late"] for clock in one["clocks"]) for one in tickets)
    figures = (len(tickets), solved, len(ended) - solved, len(tickets) - len(ended), late)
    return tuple(map(count, figures))


def _replies(seen: Figures) -> Lines:
    head = ("kind 种类", "target 时限", "in time 按时", "late 超时", "none 未回复", "median", "9 of 10", "longest")
    by_kind: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for clock in seen.replies:
        by_kind[clock["ticket_kind"], clock["target_seconds"]].append(clock)
    rows = [(KINDS[kind], duration(target), *_waits(its)) for (kind, target), its in sorted(by_kind.items())]
    yield from columns([head, *rows])


def _waits(clocks: Sequence[Row]) -> tuple[str, ...]:
    met = [one for one in clocks if one["status"] == "met"]
    late, in_time = sum(one["late"] for one in clocks), sum(not one["late"] for one in met)
    counted = tuple(map(count, (in_time, late, len(clocks) - in_time - late)))
    seconds = sorted(_seconds(one["started_at"], one["ended_at"]) for one in met)
    if not seconds:
        return (*counted, "", "", "")
    cuts = quantiles(seconds, n=10, method="inclusive") if len(seconds) > 1 else seconds * 9
    return (*counted, *map(duration, (cuts[4], cuts[8], seconds[-1])))


def _complaints(seen: Figures) -> Lines:
    report = seen.complaints
    ended, promises = report["ended"], report["promises"]
    yield (
        f"opened {report['opened']}, closed {ended['closed']}, withdrawn {ended['withdrawn']}, "
        f"unreachable {ended['unreachable']}; promises 承诺 kept {promises['kept']}, broken {promises['broken']}"
    )
    yield f"grade 等级: {listed({GRADES[one['grade']]: one['complaints'] for one in report['grades']})}"
    yield f"nature 定性: {listed({NATURES[one['nature']]: one['complaints'] for one in report['natures']})}"
    rows = [(one["name"] or "?", count(one["complaints"]), count(one["founded"])) for one in report["units"]]
    yield from columns([("unit 责任单位", "complaints 投诉", "founded 属实"), *rows])


def _refunds(seen: Figures) -> Lines:
    head = ("reason 原因", "asked 申请", "paid 已付", "money 退款额", "not yet 待付", "goods 补发", "none 拒绝撤回")
    by_reason: dict[str, list[Row]] = defaultdict(list)
    for refund in seen.refunds:
        by_reason[refund["reason"]].append(refund)
    rows = [(REASONS[reason], *_money(its)) for reason, its in _most_first(by_reason)]
    yield from columns([head, *rows, ("all 合计", *_money(seen.refunds))])
    failed = [sum(one["verdict"] == "applied" and one["result"] == "failed" for one in its) for its in seen.answers]
    yield f"payments that could not be made at first: {sum(map(bool, failed))}, with {sum(failed)} failures in all"


def _money(refunds: Sequence[Row]) -> tuple[str, ...]:
    paid = [one for one in refunds if one["paid_at"]]
    about_money = [one for one in refunds if one["kind"] in _MONEY_KINDS]
    waiting = [one for one in about_money if not one["paid_at"] and not one["ended_at"]]
    gone = sum(one["status"] in ("refused", "withdrawn") for one in refunds)
    sent = sum(one["kind"] not in _MONEY_KINDS and one["status"] == "closed" for one in refunds)
    return count(len(refunds)), count(len(paid)), _total(paid), _total(waiting), count(sent), count(gone)


def _total(refunds: Sequence[Row]) -> str:
    return amount(sum((Decimal(one["amount"]["amount"]) for one in refunds), Decimal("0.00")))


def _books(seen: Figures) -> Lines:
    books = seen.books.books
    rows = [("", *(one["currency"] for one in books)), ("orders 订单", *(count(one["orders"]) for one in books))]
    rows += [(_SIGNS[side], *(amount(one[side]["amount"]) for one in books)) for side in SIDES]
    yield from columns([*rows, ("balanced 平衡", *("yes" if adds_up(one) else "NO" for one in books))])
    paid = ", ".join(f"{one['status']} {one['count']:,} ({_price(one['amount'])})" for one in seen.books.payments)
    yield f"payments 付款: {paid}; open alarms 差异: {seen.books.alarms}"


def _agents(seen: Figures) -> Lines:
    head = (
        "agent 客服",
        "shift 班次",
        "given 派单",
        "in hand 在手",
        "closed 办结投诉",
        "on promise 按承诺",
        "sales 成交",
    )
    shifts = {one["staff_id"]: one["status"] for one in seen.shifts}
    given = Counter(staff_id for staff_id, _ in _given(seen.messages))
    hands = Counter(one["assignee_staff_id"] for one in seen.tickets if one["status"] in _IN_HAND)
    ended = {one["staff_id"]: one for one in seen.complaints["agents"]}
    sales = Counter(one["staff_id"] for one in seen.credits if one["counted"])
    rows = []
    for person in seen.staff:
        known = person["staff_id"]
        if known in shifts or known in ended or sales[known]:
            work = ended.get(known, {"handled": 0, "on_promise": None})
            promise = f"{work['on_promise']}%" if work["on_promise"] else ""
            hand = (given[known], hands[known], work["handled"])
            rows.append((_alias(person), shifts.get(known, ""), *map(count, hand), promise, count(sales[known])))
    yield from columns([head, *rows], left=2)
    yield f"handovers 交接班: {listed(Counter(one['status'] for one in seen.sheets))}"
    yield f"commission pool 提成 for {sum(sales.values())} credited orders: {_price(seen.pool['pool'])}"


def _given(messages: Sequence[Row]) -> set[tuple[str, str]]:
    """Whom notify told of which ticket that it is theirs (T4, N3)."""
    told = (one for one in messages if one["event"] == "ticket.assigned" and one["recipient_staff_id"])
    return {(one["recipient_staff_id"], one["ticket_id"]) for one in told}


def _messages(seen: Figures) -> Lines:
    sent = Counter((str(one["channel"]), str(one["status"]), one["failure"] or "") for one in seen.messages)
    rows = [("channel 渠道", "status 状态", "because 原因", "messages 消息")]
    rows += [
        (CHANNELS.get(way, way), status, why, count(times)) for (way, status, why), times in sorted(sent.items())
    ]
    yield from columns(rows, left=3)
    about = Counter(one["event"] for one in seen.messages)
    yield f"most about: {listed(dict(about.most_common(5)))}"
    told = Counter(tuple(one[name] for name in _ONCE) for one in seen.messages)
    yield f"told twice of one event by one channel: {sum(times > 1 for times in told.values())} of {len(told):,}"


def _most_first(groups: dict[str, list[Row]]) -> list[tuple[str, list[Row]]]:
    return sorted(groups.items(), key=lambda one: (-len(one[1]), one[0]))


def _price(price: Row) -> str:
    return f"{amount(price['amount'])} {price['currency']}"


def _seconds(started: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()


def _alias(person: Row) -> str:
    return str(person["aliases"][0]["alias"] if person["aliases"] else person["number"])
