"""T31: remarks are read leniently, and what can't be read takes nothing else with it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticket.flag.remark import Remark, read_remark

TODAY = date(2026, 11, 21)
AUGUST_10 = date(2026, 8, 10)
BRACKETS = "【】[]〖〗［］()（）"


@pytest.mark.parametrize(
    "text",
    [
        "【菲菲】(中通)8/10",
        "[菲菲](中通)8/10",
        "［菲菲］（中通）8/10",
        "〖菲菲〗（中通）8/10",
        "【菲菲](中通）8/10",
        "【菲菲】（中通)8／10",
        "【菲菲】(中通)8-10",
        "【菲菲】(中通)8.10",
        "【菲菲】(中通)8．10",
        "【菲菲】(中通)8－10",
        "【菲菲】(中通)8·10",
        "【菲菲】(中通)8月10日",
        "【菲菲】(中通)8月10号",
        "【菲菲】(中通)8月10",
        "【菲菲】(中通)08/10",
        "【菲菲】(中通)８/１０",
        "【菲菲】(中通)８月１０日",
        "【 菲菲 】( 中通 ) 8 / 10 ",
        "【\u3000菲菲】\u3000（中通\u3000）\u30008月\u300010日",
        "【菲菲】8/10(中通)",
        "(中通)【菲菲】8/10",
        "(中通)8/10【菲菲】",
        "8/10【菲菲】(中通)",
        "已核对【菲菲】(中通)8/10 今天发",
        "【菲菲】\n(中通)\n8/10",
        "【】【菲菲】()(中通)8/10",
        "【菲菲】(中通)8/10【 】",
        "【菲菲】(中通)2026/8/10",
        "【菲菲】(中通)2026-08-10",
    ],
)
def test_one_remark_in_many_hands(text: str) -> None:
    """T31: full and half width brackets, every separator, blanks anywhere, the parts in any order."""
    assert read_remark(text, TODAY) == Remark("菲菲", "中通", AUGUST_10)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("【菲菲】", Remark(agent="菲菲")),
        ("(中通)", Remark(content="中通")),
        ("8/10", Remark(marked_on=AUGUST_10)),
        ("【菲菲】8/10", Remark(agent="菲菲", marked_on=AUGUST_10)),
        ("【菲菲】(中通)", Remark(agent="菲菲", content="中通")),
        ("【】(中通)8/10", Remark(content="中通", marked_on=AUGUST_10)),
        ("【菲菲】()8/10", Remark(agent="菲菲", marked_on=AUGUST_10)),
        ("【菲菲(中通)8/10", Remark(content="中通", marked_on=AUGUST_10)),
        ("菲菲】(中通)8/10", Remark(content="中通", marked_on=AUGUST_10)),
        ("【菲菲】(中通 8/10", Remark(agent="菲菲", marked_on=AUGUST_10)),
        ("【菲菲】(缺货 8/9 到)8/10", Remark("菲菲", "缺货 8/9 到", AUGUST_10)),
        ("【Amy１】(SF)8/10", Remark("Amy１", "SF", AUGUST_10)),
        ("【菲菲】(中(通))", Remark(agent="菲菲", content="通")),
        ("客户要求改地址", Remark()),
        ("", Remark()),
        ("【】()", Remark()),
        ("((((【【【【", Remark()),
    ],
)
def test_what_can_be_read_is_kept(text: str, read: Remark) -> None:
    """T31, fine print: a missing or broken part costs only itself."""
    assert read_remark(text, TODAY) == read


@pytest.mark.parametrize(
    "day",
    ["13/1", "0/5", "00/05", "2/30", "4/31", "6/31", "8/32", "8/0", "8/", "/10", "8//10", "108/10", "8/100", "8"],
)
def test_an_impossible_day_is_not_read(day: str) -> None:
    """T31: the rest of the remark stays."""
    assert read_remark(f"【菲菲】(中通){day}", TODAY) == Remark("菲菲", "中通", None)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("【菲菲】(中通)8/10【小美】(顺丰)8/11", Remark("小美", "顺丰", date(2026, 8, 11))),
        ("【菲菲】(中通)8/10\n[小美]（圆通）8月12日", Remark("小美", "圆通", date(2026, 8, 12))),
        ("【菲菲】(中通)8/10【小美】", Remark(agent="小美")),
        ("【菲菲】(中通)8/10【小美】(顺丰)", Remark("小美", "顺丰", None)),
        ("【菲菲】(中通)(顺丰)8/10 8/11", Remark("菲菲", "顺丰", date(2026, 8, 11))),
    ],
)
def test_of_several_remarks_the_last_counts(text: str, read: Remark) -> None:
    """T31, fine print: a name begins a remark; nothing of an earlier one leaks into the last."""
    assert read_remark(text, TODAY) == read


@pytest.mark.parametrize(
    ("written", "today", "meant"),
    [
        ("12/31", date(2026, 1, 1), date(2025, 12, 31)),
        ("1/1", date(2025, 12, 31), date(2026, 1, 1)),
        ("12/28", date(2026, 1, 3), date(2025, 12, 28)),
        ("1/2", date(2026, 12, 30), date(2027, 1, 2)),
        ("11/21", date(2026, 11, 21), date(2026, 11, 21)),
        ("5/22", date(2026, 11, 21), date(2027, 5, 22)),
        ("5/23", date(2026, 11, 21), date(2026, 5, 23)),
        ("2/29", date(2024, 3, 1), date(2024, 2, 29)),
        ("2/29", date(2026, 3, 1), date(2028, 2, 29)),
        ("2/29", date(2026, 2, 27), date(2024, 2, 29)),
        ("2/29", date(2100, 3, 1), date(2104, 2, 29)),
        ("2/29", date(2100, 2, 27), date(2096, 2, 29)),
        ("7/2", date(2028, 1, 1), date(2027, 7, 2)),
    ],
)
def test_the_year_is_the_one_closest_to_today(written: str, today: date, meant: date) -> None:
    """T31, fine print: around New Year and on 29 February too; the earlier of two equally close."""
    assert read_remark(f"【菲菲】(中通){written}", today).marked_on == meant


names = st.text(min_size=1, max_size=20).map(str.strip).filter(lambda name: name and not set(name) & set(BRACKETS))
days = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@given(
    name=names,
    content=names,
    today=days,
    away=st.integers(-180, 180),
    square=st.sampled_from(["【】", "[]", "［］", "〖〗"]),
    round_=st.sampled_from(["()", "（）"]),
    separator=st.sampled_from("/-.·．－／月"),
)
def test_a_well_formed_remark_is_read_back(
    name: str, content: str, today: date, away: int, square: str, round_: str, separator: str
) -> None:
    """T31: whatever the name and the content, and whatever the day within half a year."""
    day = today + timedelta(days=away)
    if (day.month, day.day) == (2, 29):
        day -= timedelta(days=1)
    text = f"{square[0]}{name}{square[1]}{round_[0]}{content}{round_[1]}{day.month}{separator}{day.day}"
    assert read_remark(text, today) == Remark(name, content, day)


@given(text=st.text(alphabet=st.sampled_from("【】[]()（）0123456789０１/-.月日 菲a\n"), max_size=60), today=days)
def test_nothing_a_person_can_write_breaks_the_reading(text: str, today: date) -> None:
    """T31: never lost, so never refused."""
    read = read_remark(text, today)
    assert read.agent is None or read.agent.strip()
    assert read.content is None or read.content.strip()
    assert read.marked_on is None or abs(read.marked_on - today) <= timedelta(days=4 * 366)


@given(text=st.text(max_size=200), today=st.dates())
def test_no_text_and_no_day_breaks_the_reading(text: str, today: date) -> None:
    """T31: in any script, on any day of the calendar."""
    assert isinstance(read_remark(text, today), Remark)
