"""Log lines as people read them: `12:03:04 ticket  info  request  status=200 ms=3`."""

import json
from collections.abc import Mapping
from datetime import datetime

from rich.text import Text

COLOURS = {
    "gateway": "cyan",
    "customer": "green",
    "ticket": "magenta",
    "appraisal": "yellow",
    "notify": "blue",
}
LEVELS = {"debug": "dim", "info": "default", "warning": "yellow", "error": "bold red", "critical": "bold red"}
NAME_WIDTH = 10


def readable(name: str, line: str) -> Text:
    """One line of the process `name`: JSON as time, level, event and facts; anything else as it came."""
    text = Text(f"{name:<{NAME_WIDTH}} ", style=COLOURS.get(name, "white"))
    facts = _facts(line)
    if facts is None:
        return text.append(line, style="default")
    level = str(facts.pop("level", "info"))
    event = str(facts.pop("event"))
    facts.pop("service", None)
    text.append(f"{_time_of_day(facts.pop('time', None))} ", style="dim")
    text.append(f"{level:<7} {event}", style=LEVELS.get(level, "default"))
    for key, value in facts.items():
        text.append(f" {key}=", style="dim").append(_plain(value), style="default")
    return text


def _facts(line: str) -> dict[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return dict(found) if isinstance(found, Mapping) and "event" in found else None


def _time_of_day(value: object) -> str:
    try:
        return datetime.fromisoformat(str(value)).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
