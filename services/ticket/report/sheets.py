"""The report as a spreadsheet: a sheet for each of its tables, the same figures as in JSON (T15). Pure."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from kit.spreadsheet import Cell, Sheet
from services.ticket.report.schemas import ComplaintReport

# Per sheet: its name, and each field with the head of its column.
_UNITS = (
    ("rank", "排名 Rank"), ("code", "单位 Unit"), ("name", "名称 Name"), ("complaints", "投诉 Complaints"),
    ("founded", "成立 Founded"), ("volume", "业务量 Volume"), ("per_thousand", "千分比 Per thousand"),
    ("unit_id", "ID"),
)  # fmt: skip
_CATEGORIES = (("category", "类别 Type"), ("complaints", "投诉 Complaints"), ("share", "占比 Share %"))
_GRADES = (("grade", "等级 Grade"), ("complaints", "投诉 Complaints"), ("share", "占比 Share %"))
_NATURES = (("nature", "性质 Nature"), ("complaints", "投诉 Complaints"))
_AGENTS = (
    ("alias", "客服 Agent"), ("handled", "办结 Ended"), ("kept", "守诺 Kept"), ("broken", "违诺 Broken"),
    ("on_promise", "守诺率 On promise %"), ("responsible", "责任 Responsible"), ("staff_id", "ID"),
)  # fmt: skip
_TREND = (
    ("month", "月份 Month"), ("opened", "受理 Opened"), ("ended", "办结 Ended"), ("repeat", "重复 Repeat"),
    ("malignant", "恶性 Malignant"), ("kept", "守诺 Kept"), ("broken", "违诺 Broken"),
    ("on_promise", "守诺率 On promise %"),
)  # fmt: skip
# Fields that hold a number written with decimals; everything else that is text stays text.
_DECIMALS = {"per_thousand", "share", "on_promise"}


def sheets(report: ComplaintReport) -> list[Sheet]:
    """The report's sheets, the overview first."""
    return [
        Sheet("概览 Overview", ("项目 Figure", "值 Value"), _overview(report)),
        _table("单位 Units", _UNITS, report.units),
        _table("类别 Types", _CATEGORIES, report.categories),
        _table("等级 Grades", _GRADES, report.grades),
        _table("性质 Nature", _NATURES, report.natures),
        _table("客服 Agents", _AGENTS, report.agents),
        _table("趋势 Trend", _TREND, report.trend),
    ]


def _overview(report: ComplaintReport) -> list[tuple[Cell, ...]]:
    on_promise = report.promises.on_promise
    return [
        ("月份 Month", report.month),
        ("店铺 Shop", report.shop),
        ("受理 Opened", report.opened),
        ("未定责任单位 Without a unit", report.without_unit),
        ("误开撤销 Cancelled", report.cancelled),
        ("结案 Closed", report.ended.closed),
        ("联系不上 Unreachable", report.ended.unreachable),
        ("客户撤回 Withdrawn", report.ended.withdrawn),
        ("办结用时中位数（分钟） Median minutes", report.times.median_minutes),
        ("办结用时 P90（分钟） P90 minutes", report.times.p90_minutes),
        ("守诺 Kept", report.promises.kept),
        ("违诺 Broken", report.promises.broken),
        ("守诺率 On promise %", Decimal(on_promise) if on_promise else None),
    ]


def _table(name: str, columns: Sequence[tuple[str, str]], rows: Sequence[BaseModel]) -> Sheet:
    heads = [head for _, head in columns]
    return Sheet(name, heads, [[_cell(one, field) for field, _ in columns] for one in rows])


def _cell(row: BaseModel, field: str) -> Cell:
    value: Any = getattr(row, field)
    if value is not None and field in _DECIMALS:
        return Decimal(value)
    if isinstance(value, StrEnum):
        return value.value
    return str(value) if isinstance(value, UUID) else value
