"""The embedded servers survive crashes on the same address and never outlive whoever started them."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import asyncpg
import nats as nats_client
import pytest

from kit.testing.children import LOOPBACK, PORTS
from kit.testing.poll import until
from kit.testing.servers import (
    SERVICES,
    NatsServer,
    PostgresServer,
    ServerError,
    create_database,
    create_databases,
    free_port,
    is_free,
)

AS_ROOT = os.geteuid() == 0


def ask(url: str, sql: str) -> object:
    async def once() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(once())


def test_postgres_is_18_in_utf8_and_splits_chinese_words(postgres: PostgresServer) -> None:
    assert str(ask(postgres.url, "SHOW server_version")).startswith("18.")
    assert ask(postgres.url, "SHOW server_encoding") == "UTF8"
    assert ask(postgres.url, "SELECT to_tsvector('simple', '退款 慢')::text") == "'慢':2 '退款':1"


def test_postgres_listens_on_loopback_only_and_wants_a_password(postgres: PostgresServer) -> None:
    assert ask(postgres.url, "SHOW listen_addresses") == LOOPBACK
    assert ask(postgres.url, "SHOW unix_socket_directories") == ""
    assert ask(postgres.url, "SELECT bool_and(auth_method = 'scram-sha-256') FROM pg_hba_file_rules")
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(postgres.url.replace("postgres:", "postgres:not", 1).replace("postgresql:not", "postgresql:"), "SELECT 1")


def test_only_a_throwaway_server_skips_its_disk(postgres: PostgresServer, tmp_path: Path) -> None:
    assert ask(postgres.url, "SHOW fsync") == "off"
    assert ask(postgres.url, "SHOW synchronous_commit") == "on"
    durable = PostgresServer(tmp_path / "postgres")
    durable.start()
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert ask(durable.url, f"SHOW {setting}") == "on"
    finally:
        durable.stop()


def test_postgres_killed_comes_back_on_its_address_with_its_data(postgres: PostgresServer) -> None:
    url, pid = postgres.url, postgres.pid
    ask(url, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS lucky")
    postgres.kill()
    assert not postgres.running
    postgres.start()
    assert postgres.url == url
    assert postgres.pid != pid
    assert ask(url, "SELECT lucky FROM kept") == 7


def test_a_number_of_a_dead_postmaster_carried_by_another_program_is_no_obstacle(postgres: PostgresServer) -> None:
    postgres.kill()
    note = postgres.folder / "data" / "postmaster.pid"
    _, *others = note.read_text().splitlines()
    note.write_text("\n".join([str(os.getpid()), *others]) + "\n")
    postgres.start()
    assert ask(postgres.url, "SELECT 1") == 1


def test_two_servers_never_share_a_folder(postgres: PostgresServer) -> None:
    with pytest.raises(ServerError, match=rf"already runs on .* \(process {postgres.pid}\)"):
        PostgresServer(postgres.folder, fast=True).start()
    assert postgres.running


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free(port)
        for server in (PostgresServer(tmp_path / "p", port=port, fast=True), NatsServer(tmp_path / "n", port=port)):
            with pytest.raises(ServerError, match=rf"^{server.name} cannot start: port {port} is already in use\.$"):
                server.start()
            assert not server.running


def test_free_ports_stay_away_from_those_of_outgoing_connections() -> None:
    assert all(free_port() in PORTS for _ in range(20))


def test_nats_killed_comes_back_on_its_address_with_its_messages(nats: NatsServer) -> None:
    async def publish() -> int:
        client = await nats_client.connect(nats.url)
        stream = client.jetstream()
        await stream.add_stream(name="KEPT", subjects=["kept.>"])
        acknowledged = await stream.publish("kept.one", b"7")
        await client.close()
        return acknowledged.seq

    async def read(sequence: int) -> bytes | None:
        client = await nats_client.connect(nats.url)
        message = await client.jetstream().get_msg("KEPT", sequence)
        await client.close()
        return message.data

    url, sequence = nats.url, asyncio.run(publish())
    nats.kill()
    nats.start()
    assert nats.url == url
    assert asyncio.run(read(sequence)) == b"7"


def test_nats_writes_before_it_acknowledges(nats: NatsServer) -> None:
    with urllib.request.urlopen(f"http://{LOOPBACK}:{nats.monitor_port}/jsz?config=true", timeout=5) as page:
        assert json.load(page)["config"]["sync_always"] is True


def test_stop_is_orderly_and_may_be_repeated(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres", fast=True)
    server.start()
    server.stop()
    server.stop()
    assert "database system is shut down" in server.log.read_text()
    with pytest.raises(ServerError, match="not started"):
        _ = server.pid


def test_a_server_started_from_a_passing_thread_stays(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats")
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    try:
        with pytest.raises(TimeoutError):
            until(lambda: not server.running, within=0.3)
    finally:
        server.stop()


def test_servers_die_with_a_parent_that_was_killed(tmp_path: Path, gone: Callable[[int], bool]) -> None:
    program = (
        "import sys, pathlib\n"
        "from kit.testing.servers import NatsServer, PostgresServer\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "servers = PostgresServer(folder / 'p', fast=True), NatsServer(folder / 'n')\n"
        "for server in servers: server.start()\n"
        "print(*(server.pid for server in servers), flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    for pid in pids:
        until(lambda pid=pid: gone(pid))  # type: ignore[misc]

    heir = PostgresServer(tmp_path / "p", fast=True)
    heir.start()
    heir.stop()


def test_each_role_owns_its_database_and_enters_no_other(postgres: PostgresServer) -> None:
    passwords = {service: f"p@ss'w/rd-{service}" for service in SERVICES}
    urls = create_databases(postgres.url, passwords)
    assert create_databases(postgres.url, passwords) == urls
    assert set(urls) == {"customer", "ticket", "appraisal", "notify", "gateway"}
    for service, url in urls.items():
        assert ask(url, "SELECT current_user || '@' || current_database()") == f"{service}@{service}"
        ask(url, "CREATE TABLE IF NOT EXISTS mine (id int)")
        for other in {*SERVICES, "postgres", "template1"} - {service}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                ask(f"{url.rpartition('/')[0]}/{other}", "SELECT 1")
    assert not ask(postgres.url, "SELECT bool_or(rolsuper) FROM pg_roles WHERE rolname <> 'postgres' AND rolcanlogin")


def test_an_existing_role_gets_the_new_password(postgres: PostgresServer) -> None:
    old = create_database(postgres.url, "rotating", "rotating", "before")
    new = create_database(postgres.url, "rotating", "rotating", "after")
    assert ask(new, "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(old, "SELECT 1")


def test_a_database_can_be_cloned_from_a_template(postgres: PostgresServer) -> None:
    model = create_database(postgres.url, "model", "cloner", "secret")
    ask(model, "CREATE TABLE clay (id int)")
    clone = create_database(postgres.url, "clone", "cloner", "secret", template="model")
    assert ask(clone, "SELECT count(*) FROM clay") == 0


def start_under(path: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Start and stop PostgreSQL in a process that finds only the programs on `path`."""
    program = (
        "import sys, pathlib\n"
        "from kit.testing.servers import PostgresServer, ServerError\n"
        "server = PostgresServer(pathlib.Path(sys.argv[1]), fast=True)\n"
        "try: server.start()\n"
        "except ServerError as trouble: sys.exit(str(trouble))\n"
        "server.kill(); server.start(); server.stop()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_below_a_closed_folder_the_data_stays_there(postgres: PostgresServer, private_folder: Path) -> None:
    """Also as root, as which PostgreSQL won't run."""
    assert private_folder.stat().st_mode & 0o777 == 0o700
    assert (postgres.folder / "data" / "PG_VERSION").stat().st_uid == os.geteuid()
    assert not (postgres.folder / "elsewhere").exists()


def test_without_namespaces_root_moves_to_a_smaller_user(tmp_path: Path) -> None:
    """Anybody else stays."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "setpriv").symlink_to(str(shutil.which("setpriv")))
    folder = tmp_path / "postgres"
    link = folder / "elsewhere"
    try:
        ended = start_under(str(programs), folder)
        assert ended.returncode == 0, ended.stderr
        assert link.exists() is AS_ROOT
        home = link.resolve() / "data-home" if AS_ROOT else folder
        assert home.is_relative_to("/var/tmp" if AS_ROOT else tmp_path)
        assert (home / "data" / "PG_VERSION").stat().st_uid != 0
    finally:
        if link.exists():
            shutil.rmtree(link.resolve())


def test_without_any_way_root_is_told_so_in_one_sentence(tmp_path: Path) -> None:
    """Nobody else needs a way."""
    ended = start_under("/nonexistent", tmp_path / "postgres")
    assert ended.returncode == AS_ROOT
    assert ended.stderr.startswith("PostgreSQL does not run as root" if AS_ROOT else "")
    assert ended.stderr.count("\n") == AS_ROOT
