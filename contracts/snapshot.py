"""Snapshots of the published contracts, which may only grow (I9).

``python -m contracts.snapshot`` writes them and refuses when something published would break; ``--check`` writes
nothing and fails when a snapshot is missing or out of date.

What breaks: a subject or field that is gone, a field of another type or bound, a narrowed vocabulary, a field that is
required now (stored events lack it, so replay would fail) or no longer (readers rely on it). What grows: a new
subject, an optional field, a new word of a vocabulary.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.catalogue import EVENTS
from contracts.event import Event
from contracts.schemas import JsonSchema, json_schema

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "contracts" / "snapshots"

_NOTES = frozenset({"title", "description", "examples", "default", "$id", "$schema", "$defs", "$ref"})
_STRUCTURE = frozenset({"properties", "required", "enum", "const", "items", "anyOf"})


def snapshot(event: type[Event]) -> JsonSchema:
    """The schema of one event without what only people read, so that a better docstring changes nothing."""
    bare: JsonSchema = _bare(json_schema(event))
    return bare


def _bare(schema: Any) -> Any:
    """``schema`` without titles and descriptions; a field that happens to be *called* title stays."""
    if isinstance(schema, list):
        return [_bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        keyword: {name: _bare(part) for name, part in value.items()}
        if keyword in {"properties", "$defs"}
        else _bare(value)
        for keyword, value in schema.items()
        if keyword not in {"title", "description"}
    }


def breaks(old: JsonSchema, new: JsonSchema) -> list[str]:
    """Everything in ``new`` that would break a reader or a stored event of ``old``; empty when it only grew."""
    return list(_compare(_Node(old, old), _Node(new, new), ""))


class _Node:
    """A schema inside its document, with its reference followed."""

    def __init__(self, schema: JsonSchema, document: JsonSchema) -> None:
        while "$ref" in schema:
            schema = document["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        self.schema = schema
        self.document = document

    def part(self, schema: JsonSchema) -> "_Node":
        return _Node(schema, self.document)

    def words(self) -> list[Any] | None:
        """The vocabulary it is limited to, if it is."""
        if "const" in self.schema:
            return [self.schema["const"]]
        words: list[Any] | None = self.schema.get("enum")
        return words


def _compare(old: _Node, new: _Node, where: str) -> Iterator[str]:
    place = where or "the event"
    yield from _compare_bounds(old.schema, new.schema, place)
    yield from _compare_words(old.words(), new.words(), place)
    yield from _compare_fields(old, new, where)
    yield from _compare_alternatives(old, new, where)
    if "items" in old.schema and "items" in new.schema:
        yield from _compare(old.part(old.schema["items"]), new.part(new.schema["items"]), f"{where}[]")
    elif "items" in old.schema or "items" in new.schema:
        yield f"{place}: what it holds has changed"


def _compare_bounds(old: JsonSchema, new: JsonSchema, place: str) -> Iterator[str]:
    for keyword in sorted((old.keys() | new.keys()) - _NOTES - _STRUCTURE):
        if old.get(keyword) != new.get(keyword):
            yield f"{place}: {keyword} was {old.get(keyword)!r}, is {new.get(keyword)!r}"


def _compare_words(old: list[Any] | None, new: list[Any] | None, place: str) -> Iterator[str]:
    if (old is None) != (new is None):
        yield f"{place}: its vocabulary was {old}, is {new}"
    elif old is not None and new is not None:
        lost = [word for word in old if word not in new]
        if lost:
            yield f"{place}: the vocabulary lost {lost}"


def _compare_fields(old: _Node, new: _Node, where: str) -> Iterator[str]:
    before, now = old.schema.get("properties", {}), new.schema.get("properties", {})
    required_before, required = set(old.schema.get("required", ())), set(new.schema.get("required", ()))
    for name, schema in before.items():
        field = f"{where}.{name}".lstrip(".")
        if name not in now:
            yield f"{field}: the field is gone"
        else:
            yield from _compare(old.part(schema), new.part(now[name]), field)
    for name in sorted(required - required_before):
        yield f"{where}.{name}".lstrip(".") + ": required now, stored events may lack it"
    for name in sorted((required_before - required) & now.keys()):
        yield f"{where}.{name}".lstrip(".") + ": no longer required, readers rely on it"


def _compare_alternatives(old: _Node, new: _Node, where: str) -> Iterator[str]:
    before, now = old.schema.get("anyOf", []), new.schema.get("anyOf", [])
    if len(before) != len(now):
        yield f"{where or 'the event'}: had {len(before)} alternatives, has {len(now)}"
        return
    for one, other in zip(before, now, strict=True):
        yield from _compare(old.part(one), new.part(other), where)


def stored(folder: Path = FOLDER) -> dict[str, JsonSchema]:
    """The snapshots in ``folder`` by subject."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def broken(before: Mapping[str, JsonSchema], events: Mapping[str, type[Event]] = EVENTS) -> list[str]:
    """Every promise of ``before`` that ``events`` no longer keep, one line each."""
    lines = [f"{subject}: the subject is gone" for subject in before if subject not in events]
    for subject, schema in before.items():
        if subject in events:
            lines += [f"{subject}: {line}" for line in breaks(schema, snapshot(events[subject]))]
    return lines


def outdated(before: Mapping[str, JsonSchema], events: Mapping[str, type[Event]] = EVENTS) -> list[str]:
    """The subjects whose snapshot is missing or differs from the event, so that growth isn't protected yet."""
    return [subject for subject, event in events.items() if before.get(subject) != snapshot(event)]


def write(folder: Path = FOLDER) -> list[str]:
    """Write what is outdated and return its subjects. Breaks are not looked for here."""
    folder.mkdir(parents=True, exist_ok=True)
    subjects = outdated(stored(folder))
    for subject in subjects:
        text = json.dumps(snapshot(EVENTS[subject]), indent=1, sort_keys=True, ensure_ascii=False)
        (folder / f"{subject}.json").write_text(text + "\n", "utf-8")
    return subjects


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit status is 1 when a contract breaks or a check finds old snapshots."""
    parser = argparse.ArgumentParser(prog="python -m contracts.snapshot", description="Snapshots of contracts.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when snapshots are out of date")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the snapshots are")
    options = parser.parse_args(arguments)

    faults = broken(stored(options.folder))
    if faults:
        print("A published contract would break:", *faults, sep="\n  ", file=sys.stderr)
        return 1
    if options.check:
        old = outdated(stored(options.folder))
        if old:
            print("Run `python -m contracts.snapshot`, out of date:", *old, sep="\n  ", file=sys.stderr)
        return 1 if old else 0
    print(f"{len(write(options.folder))} snapshots written to {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
