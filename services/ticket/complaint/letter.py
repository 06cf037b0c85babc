"""回访信: a letter of seven parts, made from the ticket and edited by the agent (T17). Pure."""

import re
from collections.abc import Mapping
from datetime import datetime

from kit.clock import BUSINESS_ZONE
from kit.problems import Fault, Problem
from services.ticket.complaint.policy import LetterTexts

_PLACE = re.compile(r"{([a-z]+)}")
PARTS = tuple(LetterTexts.model_fields)


def draft(
    texts: LetterTexts, *, cause: str | None, solution: str | None, shop: str, agent: str | None, now: datetime
) -> dict[str, str]:
    """The letter as far as the ticket knows it; a part that tells what the ticket doesn't know yet stays empty."""
    here = now.astimezone(BUSINESS_ZONE)
    known = {
        "cause": cause,
        "solution": solution,
        "shop": shop,
        "agent": agent or "",
        "date": f"{here:%Y-%m-%d}",
        "hour": f"{here:%H}",
    }
    return {part: _filled(getattr(texts, part), known) for part in PARTS}


def text_of(parts: Mapping[str, str]) -> str:
    """The letter as it is sent. Raises Problem `invalid-request` naming the parts that are still empty."""
    missing = [part for part in PARTS if not parts.get(part, "").strip()]
    if missing:
        raise Problem(
            "invalid-request",
            faults=[Fault(f"/parts/{part}", "信件缺少这一部分", "the letter lacks this part") for part in missing],
        )
    return "\n\n".join(parts[part].strip() for part in PARTS)


def _filled(text: str, known: Mapping[str, str | None]) -> str:
    asked = [place for place in _PLACE.findall(text) if place in known]
    if any(known[place] is None for place in asked):
        return ""
    return _PLACE.sub(lambda found: known.get(found[1]) or "", text)
