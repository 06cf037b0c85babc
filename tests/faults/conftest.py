"""What the runs under faults share: each in a folder of its own, with its verdict for everybody to see."""

from pathlib import Path

import pytest
from chaos import Hurt, Plan, Prove, Verdict, proved


@pytest.fixture
def prove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Prove:
    """`await prove(plan)`: see `chaos.proved`."""

    async def run(plan: Plan, hurt: Hurt | None = None, **told: str) -> Verdict:
        with capsys.disabled():
            return await proved(plan, tmp_path, hurt, **told)

    return run
