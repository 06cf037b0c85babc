"""What the tea shop's customers bring today: orders and their flags, complaints and how they end, and the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Case:
    """Something that happens so many times."""

    cases: int


@dataclass(frozen=True)
class OrderCase(Case):
    """So many orders of today and their flags, as the agents put them one after the other (T30); `done`: what a
    problem opened is worked off."""

    title: str
    flags: tuple[tuple[str, str], ...] = ()
    done: bool = False
    shipped: bool = False


ORDERS = (
    OrderCase(14, "龙井 250g", (("red", "中通"),), shipped=True),
    OrderCase(10, "铁观音礼盒", (("red", "顺丰"),)),
    OrderCase(5, "普洱饼茶", (("green", "缺货"), ("purple", "已补货")), done=True),
    OrderCase(2, "白毫银针", (("green", "改地址"),)),
    OrderCase(2, "碧螺春 100g", (("yellow", "疑似刷单"),)),
    OrderCase(3, "茉莉花茶"),
)


@dataclass(frozen=True)
class ComplaintCase(Case):
    """So many complaints that go the same way to the same stage (T11). `unsatisfied`: how often the customer still is
    at the callback (T12). `neglected`: nobody answers before the first reply is overdue."""

    subject: str
    wish: str
    unit: str = "tea-pack"
    category: str = "quality"
    nature: str = "founded"
    severity: int = 2
    solution: str = "exchange"
    ending: str = "closed"
    unsatisfied: int = 0
    neglected: bool = False
    injured: bool = False


COMPLAINTS = (
    ComplaintCase(7, "茶叶受潮", "换货"),
    ComplaintCase(4, "快递迟到五天", "道歉", "tea-zto", "service", severity=3, solution="apology"),
    ComplaintCase(2, "少发一盒", "补发", "tea-east", unsatisfied=1),
    ComplaintCase(1, "两次都发错货", "退款", "tea-east", severity=1, solution="refund", unsatisfied=2),
    ComplaintCase(1, "茶杯碎片割手", "赔偿", severity=1, solution="compensation", injured=True),
    ComplaintCase(2, "口味不如预期", "退款", nature="unfounded", severity=4, solution="other"),
    ComplaintCase(2, "重复投诉，已自行解决", "撤销", ending="withdrawn"),
    ComplaintCase(4, "客服一直不回复", "尽快答复", category="service", ending="recorded", neglected=True),
    ComplaintCase(1, "礼盒破损", "换货", "tea-zto", ending="customer_informed"),
)


@dataclass(frozen=True)
class OtherCase(Case):
    """So many tickets of another kind, worked on to that status; `details` are its kind's own."""

    kind: str
    subject: str
    details: Mapping[str, str] = field(default_factory=dict)
    ending: str = "closed"


OTHERS = (
    OtherCase(6, "inquiry", "发票抬头要改"),
    OtherCase(2, "inquiry", "想订企业礼品", ending="open"),
    OtherCase(3, "suggestion", "希望有试饮装", {"proposal": "每单送一小包试饮茶"}),
    OtherCase(2, "fault_report", "付款页面打不开", {"broken": "付款页面", "effect": "无法付款"}),
)


@dataclass(frozen=True)
class StagedCase(Case):
    """So many tickets of a kind with a room of its own: what is done at each status, until nothing is left to do."""

    room: str
    subject: str
    steps: Mapping[str, tuple[str, Mapping[str, str] | None]]
    details: Mapping[str, int] = field(default_factory=dict)


STAGED = (
    StagedCase(
        1, "emergencies", "礼盒内发现异物",
        {"reported": ("contain", {"measures": "已下架该批次并通知买家"}), "contained": ("close", None)},
    ),
    StagedCase(
        3, "bad-reviews", "差评：茶味太淡",
        {
            "recorded": ("find-cause", {"cause": "dissatisfied"}),
            "cause_found": ("contact", {"manner": "phone", "message": "非常抱歉，已为您补寄一盒。"}),
            "phoned": ("settle", {"result": "changed"}),
        },
        {"stars": 1},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Cases:
    """All that a day brings."""

    orders: tuple[OrderCase, ...] = ORDERS
    complaints: tuple[ComplaintCase, ...] = COMPLAINTS
    others: tuple[OtherCase, ...] = OTHERS
    staged: tuple[StagedCase, ...] = STAGED

    @property
    def count(self) -> int:
        """How many of them there are."""
        brought: tuple[Case, ...] = (*self.orders, *self.complaints, *self.others, *self.staged)
        return sum(case.cases for case in brought)


def one_of_each() -> Cases:
    """A small day: everything happens once."""
    return Cases(
        tuple(replace(case, cases=1) for case in ORDERS),
        tuple(replace(case, cases=1) for case in COMPLAINTS),
        tuple(replace(case, cases=1) for case in OTHERS),
        tuple(replace(case, cases=1) for case in STAGED),
    )
