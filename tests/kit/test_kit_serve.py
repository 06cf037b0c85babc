"""Starting a process where somebody listens already: one sentence that says what to do."""

import os
import resource
import socket
import subprocess
import sys

import pytest

from kit import serve
from kit.testing.children import free_port


@pytest.mark.parametrize("setting", ["KEFU_PORT", "KEFU_METRICS_PORT"])
def test_a_port_in_use_is_told_in_one_sentence(setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = {
            "APPRAISAL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "KEFU_PORT": str(free_port()),
            "KEFU_METRICS_PORT": str(free_port()),
            setting: str(port),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KEFU_")}
        run = subprocess.run(
            [sys.executable, "-m", "services.appraisal"], env={**kept, **told}, capture_output=True, text=True, timeout=30, check=False
        )  # fmt: skip
    assert run.returncode == 1
    expected = (
        f"appraisal: cannot listen on port {port} of 127.0.0.1: Address already in use; choose another with {setting}"
    )
    assert run.stderr.splitlines() == [expected]


def test_a_host_that_is_not_here_is_told_too() -> None:
    told = {
        "APPRAISAL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "KEFU_HOST": "192.0.2.1",
        "KEFU_PORT": "8099",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEFU_")}
    run = subprocess.run(
        [sys.executable, "-m", "services.appraisal"], env={**kept, **told}, capture_output=True, text=True, timeout=30, check=False
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stderr.startswith("appraisal: cannot listen on port 8099 of 192.0.2.1: ")
    assert len(run.stderr.splitlines()) == 1


def test_a_process_takes_as_many_open_files_as_it_may_have() -> None:
    """Many systems begin with 1,024, which is a thousand slow clients."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
        serve._allow_many_files()
        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert now == (serve.OPEN_FILES if most == resource.RLIM_INFINITY else min(serve.OPEN_FILES, most))
        assert most == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
