"""Signed checkpoints of the audit chain, in a file outside the database (X7).

A chain by itself can be cut off at its end, made anew as a whole, or put back to an old state; nobody can do that to
the numbers that a checkpoint has already named. One JSON line each, signed with Ed25519, only ever appended. The
public half of the key lies beside the file, so that somebody else can keep a copy and verify without us.
"""

import base64
import contextlib
import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ConfigDict

_PURPOSE = b"kefu audit checkpoint\0"
_TAIL_BYTES = 4096  # a line has about 250


class Checkpoint(BaseModel):
    """At `at`, the chain of the service ended with that number and hash, and every transaction before `horizon`
    was in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    number: int
    hash: str
    at: datetime
    horizon: int

    def signed_bytes(self) -> bytes:
        """What the signature is for."""
        return _PURPOSE + orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)


class BadCheckpointError(Exception):
    """A line of the file is no checkpoint of ours."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"line {line} is not signed by this installation")


class CheckpointFile:
    """The checkpoints of one service. Reading needs the public key only; the first `append` makes the keys."""

    def __init__(self, folder: Path, service: str) -> None:
        self.path = folder / f"{service}.checkpoints.jsonl"
        self._private = folder / f"{service}.key.pem"
        self._public = folder / f"{service}.public.pem"

    def append(self, checkpoint: Checkpoint) -> None:
        """Sign the checkpoint and put it on disk, for good before this returns."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        signature: bytes = self._key().get_op_key("sign").sign(checkpoint.signed_bytes())  # type: ignore[union-attr]
        line = {**checkpoint.model_dump(mode="json"), "signature": base64.b64encode(signature).decode()}
        self._mend()
        with self.path.open("ab") as file:
            file.write(orjson.dumps(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> Iterator[Checkpoint]:
        """All checkpoints, oldest first. Raises BadCheckpointError; a last line that a crash cut short is no line."""
        if self.path.exists():
            with self.path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if line.endswith(b"\n"):
                        yield self._verified(line, number)

    def last(self) -> Checkpoint | None:
        """The newest checkpoint. Raises BadCheckpointError, which counts lines from the end here."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            *lines, _ = file.read().split(b"\n")
        return self._verified(lines[-1], -1) if lines else None

    def _verified(self, line: bytes, number: int) -> Checkpoint:
        try:
            told = orjson.loads(line)
            signature = base64.b64decode(told.pop("signature"), validate=True)
            checkpoint = Checkpoint.model_validate(told)
            self._verifier.verify(signature, checkpoint.signed_bytes())
        except (AttributeError, KeyError, TypeError, ValueError, InvalidSignature) as error:
            raise BadCheckpointError(number) from error
        return checkpoint

    @cached_property
    def _verifier(self) -> Any:
        """The public half of the key. A missing one is as good as a wrong one."""
        if not self._public.exists():
            raise BadCheckpointError(0)
        return OKPKey.import_key(self._public.read_bytes()).get_op_key("verify")

    def _key(self) -> OKPKey:
        """The key that signs, made when there is none; of two processes that make one at once, the first wins."""
        if not self._private.exists():
            made = OKPKey.generate_key("Ed25519")
            _place(self._private, made.as_pem(private=True), 0o600)
        key = OKPKey.import_key(self._private.read_bytes())
        if not self._public.exists():
            _place(self._public, key.as_pem(private=False), 0o644)
        return key

    def _mend(self) -> None:
        """Take a last line away that a crash cut short, or the next one would be spoilt with it."""
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            start = max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES)
            file.seek(start)
            whole, newline, torn = file.read().rpartition(b"\n")
            if torn:
                file.truncate(start + len(whole) + len(newline))


def _place(path: Path, content: bytes, mode: int) -> None:
    """Make the file, whole, unless somebody else has made it meanwhile."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=mode)
    draft.write_bytes(content)
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
