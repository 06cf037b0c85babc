"""New rows of a unit of work, gathered and written together: one statement for all of them where they are few.

What a change writes beside its own row (events, lines of the trail, facts, texts to be found by) is only ever added.
So it doesn't matter when within the transaction it is written, and a round trip for each costs more than the row.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, cast

import asyncpg
import orjson
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import class_mapper
from sqlmodel import SQLModel

_TOGETHER = 16
"""Up to so many rows are one statement; it is prepared for each combination of tables and counts."""

M = TypeVar("M", bound=SQLModel)
Columns = tuple[str, ...]
Shape = tuple[tuple[Table, Columns, int], ...]


class Insert(NamedTuple):
    """A statement, and the values of each time that it is done."""

    statement: str
    values: list[list[Any]]

    async def write(self, driver: asyncpg.Connection) -> None:
        """Do it, in one transaction and one round trip however often that is."""
        if len(self.values) == 1:
            await driver.execute(self.statement, *self.values[0])
        else:
            await driver.executemany(self.statement, self.values)


class Rows:
    """Rows to be inserted, by table and in the order of their coming. A row is a mapping of columns to the driver's
    values; a `tsvector` is given as the list of its lexemes, JSON as what it holds."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Table, Columns], list[list[Any]]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, table: Table, row: Mapping[str, Any], *, first: bool = False) -> None:
        """One row more; `first` of all when others refer to it that are here already."""
        written, place = _written(table), (table, tuple(row))
        values = [written[name](value) if name in written else value for name, value in row.items()]
        if first and place not in self._rows:
            self._rows = {place: [], **self._rows}
        self._rows.setdefault(place, []).append(values)

    def take(self) -> list[Insert]:
        """The statements that insert all of them; nothing is gathered any more."""
        gathered, self._rows = self._rows, {}
        if sum(map(len, gathered.values())) <= _TOGETHER:
            shape = tuple((table, columns, len(rows)) for (table, columns), rows in gathered.items())
            values = [value for rows in gathered.values() for row in rows for value in row]
            return [Insert(_statement(shape), [values])]
        return [Insert(_statement(((table, columns, 1),)), rows) for (table, columns), rows in gathered.items()]


@lru_cache(maxsize=512)
def _statement(shape: Shape) -> str:
    """One statement that inserts so many rows into each of these tables."""
    inserts, place = [], 0
    for table, columns, count in shape:
        rows = []
        for _ in range(count):
            rows.append(f"({', '.join(_value(table, name, place + at) for at, name in enumerate(columns, 1))})")
            place += len(columns)
        names = ", ".join(f'"{name}"' for name in columns)
        inserts.append(f'INSERT INTO "{table.name}" ({names}) VALUES {", ".join(rows)}')  # noqa: S608 - our own names
    *others, last = inserts
    before = ", ".join(f"gathered_{at} AS ({one})" for at, one in enumerate(others))
    return f"WITH {before} {last}" if others else last


def _value(table: Table, column: str, place: int) -> str:
    is_vector = isinstance(table.c[column].type, TSVECTOR)
    return f"array_to_tsvector(string_to_array(${place}, ' '))" if is_vector else f"${place}"


@lru_cache(maxsize=512)
def _written(table: Table) -> dict[str, Callable[[Any], str | None]]:
    """How the columns are given to the driver that don't take a value as it is. Lexemes hold no blank, and of a list
    the driver would look at each item several times."""
    return {column.name: _WRITTEN[type(column.type)] for column in table.c if type(column.type) in _WRITTEN}


def made(model: type[M], **values: Any) -> M:
    """A new row of a table's model with these values, as they are, and its defaults for the rest.

    It is as if it had been read; the model's own way sets attribute by attribute and costs ten times as much.
    """
    row: M = class_mapper(model).class_manager.new_instance()
    plain, fresh = _defaults(model)
    made_now = {name: make() for name, make in fresh.items() if name not in values}
    row.__dict__.update(plain | made_now | values)
    return row


def row_of(model: SQLModel) -> dict[str, Any]:
    """A row as its columns hold it. Asked of the model, each of them would be looked for in the database first."""
    held = model.__dict__
    return {name: held[name] if name in held else getattr(model, name) for name in _columns(type(model))}


@lru_cache(maxsize=512)
def _columns(model: type[SQLModel]) -> Columns:
    return tuple(column.key for column in class_mapper(model).column_attrs)


@lru_cache(maxsize=512)
def _defaults(model: type[SQLModel]) -> tuple[dict[str, Any], dict[str, Callable[[], Any]]]:
    """What fields hold that nothing is said of: the same for all rows, or made for each."""
    plain: dict[str, Any] = {}
    fresh: dict[str, Callable[[], Any]] = {}
    for name, field in model.model_fields.items():
        if field.default_factory is not None:
            fresh[name] = cast("Callable[[], Any]", field.default_factory)
        elif not field.is_required():
            plain[name] = field.default
    return plain, fresh


def json_text(value: Any) -> str | None:
    """A value as the driver's `jsonb` takes it; None stays SQL's NULL."""
    return None if value is None else orjson.dumps(value, default=str).decode()


_WRITTEN: dict[type[Any], Callable[[Any], str | None]] = {JSONB: json_text, TSVECTOR: " ".join}
