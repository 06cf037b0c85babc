"""A small program in a service's place: answers /readyz, writes a log line, notes how it ended.

`standin.py NAME FOLDER [stubborn|crash|deaf]`: ignores SIGTERM, crashes at once, or is never ready.
"""

import http.server
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType


class Answers(http.server.BaseHTTPRequestHandler):
    """200 for /readyz, unless deaf."""

    def do_GET(self) -> None:
        self.send_response(503 if manner == "deaf" else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def finish(_: int, __: FrameType | None) -> None:
    if manner != "stubborn":
        with (folder / "endings").open("a") as endings:
            endings.write(f"{name}\n")
        os._exit(0)


name, folder, manner = sys.argv[1], Path(sys.argv[2]), (sys.argv[3] if len(sys.argv) > 3 else "")
signal.signal(signal.SIGTERM, finish)
print(json.dumps({"time": "2026-11-21T12:00:00Z", "level": "info", "event": "begins", "service": name}), flush=True)
if manner == "crash":
    sys.exit("no database address")
http.server.ThreadingHTTPServer((os.environ["KEFU_HOST"], int(os.environ["KEFU_PORT"])), Answers).serve_forever()
