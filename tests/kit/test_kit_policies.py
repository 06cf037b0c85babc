"""Policies in force: the shop's own before the company's, by the business time of the fact (I13, X3)."""

from datetime import UTC, datetime, timedelta

import pytest
from kit_rig import Peek
from pydantic import BaseModel, ValidationError

from kit.db import Database
from kit.policies import in_force, prepare
from kit.policy import PolicyKind


class Limits(BaseModel):
    most: int


LIMITS = PolicyKind("limits", Limits, Limits(most=1))
INSERT = (
    "INSERT INTO policy (name, shop, version, effective_from, document, saved_by) VALUES ($1, $2, $3, $4, $5, 'x')"
)
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
async def saved(peek: Peek) -> None:
    for name, shop, version, at, most in (
        ("limits", "main", 1, ALWAYS, 1),
        ("limits", "main", 2, MAY, 2),
        ("limits", "main", 3, JUNE, 3),
        ("limits", "outlet", 1, MAY, 10),
        ("limits", "outlet", 2, JUNE, 12),
        ("other", "outlet", 9, ALWAYS, 99),
    ):
        await peek.connection.execute(INSERT, name, shop, version, at, f'{{"most": {most}}}')


@pytest.mark.parametrize(
    ("shop", "at", "found"),
    [
        ("main", ALWAYS, ("main", 1, 1)),
        ("main", MAY - timedelta(microseconds=1), ("main", 1, 1)),
        ("main", MAY, ("main", 2, 2)),
        ("main", JUNE + timedelta(days=3650), ("main", 3, 3)),
        ("outlet", MAY - timedelta(seconds=1), ("main", 1, 1)),
        ("outlet", MAY, ("outlet", 1, 10)),
        ("outlet", JUNE, ("outlet", 2, 12)),
        ("a shop without its own", JUNE, ("main", 3, 3)),
    ],
)
@pytest.mark.usefixtures("saved")
async def test_which_version_decides(
    database: Database, shop: str, at: datetime, found: tuple[str, int, int]
) -> None:
    """I13, X3: by the business time of the fact, not by the present."""
    async with database.reading() as session:
        policy = await in_force(session, LIMITS, shop, at)
    assert (policy.shop, policy.version, policy.document.most) == found
    assert policy.name == "limits"


async def test_without_any_version_nothing_is_guessed(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(LookupError, match="limits"):
            await in_force(session, LIMITS, "main", MAY)


async def test_a_document_that_no_longer_fits_is_not_used(database: Database, peek: Peek) -> None:
    await peek.connection.execute(INSERT, "limits", "main", 1, ALWAYS, "{}")
    async with database.reading() as session:
        with pytest.raises(ValidationError):
            await in_force(session, LIMITS, "main", MAY)


@pytest.mark.usefixtures("saved")
async def test_several_policies_are_asked_with_one_query(database: Database) -> None:
    asked: list[str] = []
    database.home.listeners.append(lambda statement, *_: asked.append(statement))
    async with database.reading() as session:
        await prepare(session, [(LIMITS, "main"), (LIMITS, "outlet"), (LIMITS, "nowhere")], JUNE)
        found = [await in_force(session, LIMITS, shop, JUNE) for shop in ("main", "outlet", "nowhere")]
    assert [(one.shop, one.version) for one in found] == [("main", 3), ("outlet", 2), ("main", 3)]
    assert len(asked) == 1
