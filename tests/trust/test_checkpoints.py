"""The checkpoints' file: signed, only appended, whole after every crash (X7)."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from stage import NOON

from kit.checkpoints import BadCheckpointError, Checkpoint, CheckpointFile


def checkpoint(number: int) -> Checkpoint:
    return Checkpoint(service="ticket", number=number, hash="ab" * 32, at=NOON, horizon=700 + number)


def test_what_is_appended_is_read(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "audit", "ticket")
    assert (list(file.read()), file.last()) == ([], None)
    for number in range(1, 30):
        file.append(checkpoint(number))
    again = CheckpointFile(tmp_path / "audit", "ticket")
    assert [one.number for one in again.read()] == list(range(1, 30))
    assert again.last() == checkpoint(29)


def test_the_key_is_for_its_owner_and_verifying_needs_only_the_public_half(tmp_path: Path) -> None:
    CheckpointFile(tmp_path, "ticket").append(checkpoint(1))
    private = tmp_path / "ticket.key.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    private.unlink()
    assert CheckpointFile(tmp_path, "ticket").last() == checkpoint(1)
    (tmp_path / "ticket.public.pem").unlink()
    with pytest.raises(BadCheckpointError):
        CheckpointFile(tmp_path, "ticket").last()


def test_a_line_that_a_crash_cut_short_is_no_line(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path, "ticket")
    for number in (1, 2):
        file.append(checkpoint(number))
    line = file.path.read_bytes().splitlines()[0]
    for start, end in ((0, 20), (20, -1)):
        with file.path.open("ab") as raw:
            raw.write(line[start:end])
        assert [one.number for one in file.read()] == [1, 2]
        assert file.last() == checkpoint(2)
    file.append(checkpoint(3))
    assert [one.number for one in file.read()] == [1, 2, 3]


def test_a_file_that_is_nothing_but_a_cut_line_begins_anew(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path, "ticket")
    file.path.write_bytes(b'{"serv')
    assert file.last() is None
    file.append(checkpoint(1))
    assert list(file.read()) == [checkpoint(1)]


@pytest.mark.parametrize("service", ["customer", "notify"])
def test_a_checkpoint_of_another_service_is_none_of_ours(tmp_path: Path, service: str) -> None:
    CheckpointFile(tmp_path, "ticket").append(checkpoint(1))
    other = CheckpointFile(tmp_path, service)
    other.append(checkpoint(1).model_copy(update={"service": service}))
    other.path.write_bytes(CheckpointFile(tmp_path, "ticket").path.read_bytes())
    with pytest.raises(BadCheckpointError):
        list(other.read())


@pytest.mark.parametrize(
    "line",
    [
        b"{}", b"[]", b"null", b"no json", b"", b'{"signature": 7}', b'{"signature": "!"}', b"\xff",
        b'{"service":"ticket","number":"x","signature":""}',
    ],
)  # fmt: skip
def test_anything_else_is_refused(tmp_path: Path, line: bytes) -> None:
    file = CheckpointFile(tmp_path, "ticket")
    file.append(checkpoint(1))
    with file.path.open("ab") as raw:
        raw.write(line + b"\n")
    with pytest.raises(BadCheckpointError):
        list(file.read())
    with pytest.raises(BadCheckpointError):
        file.last()


def test_two_processes_that_make_the_key_at_once_have_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: CheckpointFile(tmp_path, "ticket").append(checkpoint(number)), range(1, 9)))
    assert {one.number for one in CheckpointFile(tmp_path, "ticket").read()} == set(range(1, 9))
    assert len(list(tmp_path.iterdir())) == 3
