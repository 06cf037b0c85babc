"""Eight attacks on the trail by somebody who owns the database: all are found, and told where they begin (X7)."""

import pytest
from trail_desk import Trail


@pytest.fixture
async def sealed(trail: Trail) -> Trail:
    """Twenty rows under two checkpoints, and a few more that no checkpoint has seen yet."""
    await trail.history(10, 10)
    await trail.write(3)
    await trail.seal()
    assert await trail.found() is None
    return trail


async def test_an_edited_row_is_found(sealed: Trail) -> None:
    async with sealed.tampering() as root:
        await root.execute("UPDATE audit SET after = jsonb_set(after, '{n}', '\"1.1\"') WHERE id = 5")
    assert await sealed.found() == ("changed", 5)


async def test_an_edited_row_is_found_past_the_last_checkpoint(sealed: Trail) -> None:
    async with sealed.tampering() as root:
        await root.execute("UPDATE audit SET actor = 'staff:wang' WHERE id = 22")
    assert await sealed.found() == ("changed", 22)


async def test_a_row_deleted_from_the_middle_is_found(sealed: Trail) -> None:
    async with sealed.tampering() as root:
        await root.execute("DELETE FROM audit WHERE id = 7")
        assert await sealed.found() == ("deleted", 7)
        await root.execute("DELETE FROM audit_seal WHERE audit_id = 7")
        assert await sealed.found() == ("gap", 7)
        await root.execute("UPDATE audit_seal SET number = -number WHERE number > 7")
        await root.execute("UPDATE audit_seal SET number = -number - 1 WHERE number < 0")
    assert await sealed.found() == ("changed", 7)


async def test_a_deleted_tail_is_found(sealed: Trail) -> None:
    """The chain holds together; the checkpoint knows that it went on."""
    async with sealed.tampering() as root:
        await root.execute("DELETE FROM audit WHERE id > 15")
        await root.execute("DELETE FROM audit_seal WHERE number > 15")
    assert await sealed.found() == ("cut-off", 16)


async def test_an_emptied_trail_is_found(sealed: Trail) -> None:
    async with sealed.tampering() as root:
        await root.execute("TRUNCATE audit, audit_seal")
    assert await sealed.found() == ("cut-off", 1)


async def test_an_inserted_row_is_found(sealed: Trail) -> None:
    """Put in its place with seals that move up: the next one doesn't follow."""
    async with sealed.tampering() as root:
        await root.execute("ALTER TABLE audit ALTER id DROP IDENTITY")
        await root.execute("UPDATE audit SET id = -id WHERE id > 12")
        await root.execute("UPDATE audit SET id = -id + 1 WHERE id < 0")
        await root.execute(
            "INSERT INTO audit"
            " SELECT 13, at, actor, 'forge', noun, aggregate_id, before, after, reason, request_id, xact"
            " FROM audit WHERE id = 12"
        )
    assert await sealed.found() == ("changed", 13)


async def test_a_row_slipped_in_beside_the_sealer_is_found(sealed: Trail) -> None:
    """It claims an old transaction, so that the sealer doesn't look at it any more."""
    async with sealed.tampering() as root:
        await root.execute(
            "INSERT INTO audit (at, actor, action, noun, aggregate_id, before, after, xact)"
            " SELECT at - interval '1 day', actor, action, noun, aggregate_id, before, after, xact"
            " FROM audit WHERE id = 2"
        )
    assert await sealed.seal() == 0
    assert await sealed.found() == ("unsealed", 24)


async def test_reordered_rows_are_found(sealed: Trail) -> None:
    swap = "UPDATE audit_seal SET audit_id = CASE audit_id WHEN 4 THEN 9 ELSE 4 END WHERE audit_id IN (4, 9)"
    async with sealed.tampering() as root:
        await root.execute("ALTER TABLE audit_seal DROP CONSTRAINT uq_audit_seal_audit_id")
        await root.execute(swap)
    assert await sealed.found() == ("changed", 4)


async def test_a_backdated_row_is_found(sealed: Trail) -> None:
    """Of a sealed row, and of a new one that is sealed as if it were true."""
    await sealed.write(action="true")
    async with sealed.tampering() as root:
        await root.execute("UPDATE audit SET at = at - interval '1 hour' WHERE action = 'true'")
    await sealed.seal()
    assert await sealed.found() == ("backdated", 24)
    async with sealed.tampering() as root:
        await root.execute("UPDATE audit SET at = at - interval '1 second' WHERE id = 3")
    assert await sealed.found() == ("changed", 3)


async def test_a_chain_made_anew_is_found(sealed: Trail) -> None:
    """Every hash is right; they are not the ones that were signed."""
    async with sealed.tampering() as root:
        await root.execute("UPDATE audit SET reason = 'better' WHERE id = 5")
        await sealed.chain_anew()
    assert await sealed.found() == ("rewritten", 10)


async def test_an_old_copy_put_back_is_found_also_when_it_goes_on(sealed: Trail) -> None:
    async with sealed.tampering() as root:
        await root.execute("CREATE TABLE old_audit AS SELECT * FROM audit")
        await root.execute("CREATE TABLE old_seal AS SELECT * FROM audit_seal")
        await sealed.history(5)
        await root.execute("TRUNCATE audit, audit_seal")
        await root.execute("INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT * FROM old_audit")
        await root.execute("INSERT INTO audit_seal SELECT * FROM old_seal")
    assert await sealed.found() == ("cut-off", 24)
    await sealed.restart()
    await sealed.history(10)
    assert await sealed.found() == ("rewritten", 28)


async def test_checkpoints_of_another_key_don_t_count(sealed: Trail) -> None:
    """Somebody who can write the file but hasn't the key can't make it fit another chain."""
    lines = sealed.file.path.read_bytes().splitlines(keepends=True)
    sealed.file.path.write_bytes(lines[0] + lines[1].replace(b'"number":20', b'"number":15'))
    assert await sealed.found() == ("forged-checkpoint", 2)
    sealed.file.path.write_bytes(b"".join(lines).replace(b"}", b""))
    assert await sealed.found() == ("forged-checkpoint", 1)


async def test_a_chain_without_checkpoints_is_not_trusted(sealed: Trail) -> None:
    sealed.file.path.unlink()
    assert await sealed.found() == ("no-checkpoint", 1)
