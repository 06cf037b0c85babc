"""A broker of three nodes that keep every stream together: they are killed one after the other while the whole system
publishes and reads, and nothing is lost or done twice; a broker of one node keeps no three copies."""

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from chaos import Done, Plan, Prove, seeds
from kills import until_done
from local_stack import Running

from kit.bus import TooFewNodesError, provision
from kit.testing.nats_cluster import NODES, NatsCluster, clustered
from kit.testing.servers import NatsServer

KILLS = 12


async def test_a_broker_of_one_node_keeps_no_three_copies(nats: NatsServer) -> None:
    with pytest.raises(TooFewNodesError):
        await provision(nats.url, replicas=3)


async def roll(
    cluster: NatsCluster, seed: int, running: Running, load: "asyncio.Task[Any]", done: Done
) -> Counter[str]:
    """SIGKILL one node after the other, the next one only when the last says that it has caught up."""
    killed: Counter[str] = Counter()
    for turn in range(KILLS):
        await until_done(done, (turn + 0.5) / (KILLS + 1), load)
        node = cluster.nodes[(turn + seed) % NODES]
        await asyncio.to_thread(node.kill)
        await asyncio.to_thread(node.start)
        killed[node.server_name] += 1
    return killed


@pytest.mark.chaos
@pytest.mark.timeout(1200)
@pytest.mark.nightly
async def test_nothing_is_lost_while_the_brokers_nodes_die_in_turn(tmp_path: Path, prove: Prove) -> None:
    with clustered(tmp_path / "nats") as cluster:
        plan = Plan(600, KILLS, seeds()[0], listened=False)
        told = {"NATS_URL": cluster.url, "KEFU_NATS_REPLICAS": str(NODES)}
        verdict = await prove(plan, partial(roll, cluster, plan.seed), **told)
    assert verdict.longest["told"] < 60
