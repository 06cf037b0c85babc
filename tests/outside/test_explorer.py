"""The exploration finds what it is there for: one planted defect of each kind, and nothing in what is sound."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.outside.jobs import Job, Result

ROOT = Path(__file__).resolve().parents[2]
ID = "0198a000-0000-7000-8000-000000000001"


def told(slug: str, status: int, **more: Any) -> dict[str, Any]:
    return {"type": f"/problems/{slug}", "title": "…", "status": status, "request_id": ID, **more}


class Crooked(BaseHTTPRequestHandler):
    """Answers each path in its own crooked way; `/sound` as the document says."""

    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer_to(0)

    def do_POST(self) -> None:
        self._answer_to(int(self.headers.get("content-length", 0)))

    def _answer_to(self, length: int) -> None:
        try:
            body = json.loads(self.rfile.read(length)) if length else None
        except ValueError:
            body = None
        path = self.path.partition("?")[0]
        fits = isinstance(body, dict) and body.keys() == {"n"} and type(body["n"]) is int
        allowed = "POST" if path in ("/accepts", "/picky", "/sound") else "GET"
        if self.command != allowed:
            self._send(405, told("method-not-allowed", 405), Allow=allowed)
        elif path == "/fails":
            self._send(500, told("internal-error", 500))
        elif path == "/undocumented":
            self._send(204, None)
        elif path == "/shapeless":
            self._send(200, {"n": "no number"})
        elif path == "/silent":
            self._send(404, {"error": "not found"})
        elif path == "/accepts" or (path == "/sound" and fits):
            self._send(200, {"n": 1})
        else:
            self._send(422, told("invalid-request", 422, errors=[{"pointer": "/n", "detail": "必填"}]))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return lambda: self._answer_to(int(self.headers.get("content-length") or 0))
        raise AttributeError(name)

    def _send(self, status: int, body: Any, **headers: str) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        kind = "application/problem+json" if isinstance(body, dict) and "type" in body else "application/json"
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "X-Request-Id": ID,
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Crooked) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def operation(method: str) -> dict[str, Any]:
    number = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    answer = {"description": "…", "content": {"application/json": {"schema": number}}}
    problem = {"description": "…", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
    silent = {"description": "…", "content": {"application/json": {"schema": {"type": "object"}}}}
    told = {"security": [], "responses": {"200": answer, "404": silent, "422": problem, "500": problem}}
    if method == "post":
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": number}}}
    return told


DEFECTS = {
    ("get", "/fails"): "Server error",
    ("get", "/undocumented"): "Undocumented status code",
    ("get", "/shapeless"): "Response violates schema",
    ("get", "/silent"): "Not a problem of the catalogue",
    ("post", "/accepts"): "Schema-violating request accepted",
    ("post", "/picky"): "A valid request was refused",
}


def test_each_planted_defect_is_found_and_nothing_in_what_is_sound(address: str, tmp_path: Path) -> None:
    paths = {path: {method: operation(method)} for method, path in (*DEFECTS, ("post", "/sound"))}
    document = {"openapi": "3.1.0", "info": {"title": "…", "version": "1"}, "paths": paths}
    job = Job(
        part="crooked", name="crooked", caller="all roles", gateway=address, document=document, known={},
        untouchable=[], forms={}, seed=1, examples=10, walks=1,
    )  # fmt: skip
    asked, result = tmp_path / "job", tmp_path / "result"
    asked.write_text(job.model_dump_json())
    subprocess.run([sys.executable, "-m", "tests.outside.explorer", asked, result], cwd=ROOT, check=True, timeout=100)
    explored = Result.model_validate_json(result.read_bytes())
    assert sum(explored.cases.values()) > 0
    assert explored.untouched == []
    for (method, path), finding in DEFECTS.items():
        found = [words for words in explored.findings if words.startswith(f"{method.upper()} {path}\n")]
        assert any(finding in words for words in found), (path, found)
    assert not [words for words in explored.findings if "/sound" in words]
