"""One part of the API explored by one caller: `python -m tests.outside.explorer JOB RESULT`, a process of its own."""

import itertools
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests
import schemathesis
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.engine.statistic import Statistic
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario

from contracts.permissions import roles_with
from ops.credentials import STAFF_ROLES
from tests.outside import habits  # noqa: F401 - registers the house's own checks
from tests.outside.jobs import ALL_ROLES, Job, Result

PHASES = ("examples", "coverage", "fuzzing", "stateful")
REFUSALS = (400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 428, 429)
NOBODY = "0198a000-0000-7000-8000-000000000000"


def explore(job: Job) -> Result:
    """Run every phase against the running gateway."""
    _sign_in_with(job)
    _keep_the_cast(job)
    _thin_out(job)
    schema = schemathesis.openapi.from_dict(job.document, config=schemathesis.Config.from_dict(settings(job)))
    cases: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    statistic, troubles = Statistic(), []
    began = time.monotonic()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            statistic.on_scenario_finished(event.recorder)
            answers = _judged(event.recorder)
            cases[event.phase.value] += len(answers)
            statuses.update(str(answer.status_code) for answer in answers)
        elif isinstance(event, events.NonFatalError):
            troubles.append(f"{event.label}: {event.info.format()}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return Result(
        part=job.part,
        name=job.name,
        caller=job.caller,
        cases={phase: cases[phase] for phase in PHASES},
        statuses=dict(sorted(statuses.items())),
        seconds=time.monotonic() - began,
        findings=[*_findings(statistic, schema), *dict.fromkeys(troubles)],
        untouched=sorted({one.ok().label for one in schema.get_all_operations()} - statistic.tested_operations),
    )


def _judged(recorder: ScenarioRecorder) -> list[schemathesis.Response]:
    """The answers that checks looked at; what a check asks on its own account is no case."""
    judged = (recorder.find_response(case_id=case) for case in recorder.cases if recorder.checks.get(case))
    return [answer for answer in judged if answer is not None]


def settings(job: Job) -> dict[str, Any]:
    """The configuration of schemathesis. Nothing is kept between runs: the seed alone decides."""
    known = {**job.known, "If-Match": ['"1"', '"2"', '"3"', "*"]}
    drawn = {"path": 0.8, "query": 0.3, "body": 0.5, "header": 0.8}
    checks = {name: {"enabled": True} for name in job.checks}
    checks["missing_required_header"] = {"enabled": True, "expected-statuses": ["401", "403", "412", "422", "428"]}
    checks["negative_data_rejection"] = {"enabled": True, "expected-statuses": [str(code) for code in REFUSALS]}
    return {
        "seed": job.seed,
        "base-url": job.gateway,
        "request-timeout": 30,
        "continue-on-failure": True,
        "cache": {"enabled": False},
        "suppress-health-check": ["all"],
        "dictionaries": {name: {"values": values} for name, values in known.items() if values},
        "parameters": {
            f"{place}.{name}": {"dictionary": name, "probability": probability}
            for name, values in known.items()
            if values
            for place, probability in drawn.items()
        },
        "generation": {"max-examples": job.examples, "database": "none", "with-security-parameters": False},
        "phases": {"stateful": {"generation": {"max-examples": job.walks}, "max-steps": 8}},
        "checks": {"enabled": False, **checks},
    }


def _sign_in_with(job: Job) -> None:
    """Each operation is called by somebody who may: the caller is looked up by the permission the document names."""

    @schemathesis.auth(cache_by_key=lambda _, context: _signs_in(job, context.operation.definition.raw))
    class Tokens:
        def get(self, _: schemathesis.Case, context: schemathesis.AuthContext) -> str | None:
            who = _signs_in(job, context.operation.definition.raw)
            if who == "nobody":
                return None
            answer = requests.post(f"{job.gateway}/oauth/token", data=job.forms[who], timeout=30)
            answer.raise_for_status()
            return str(answer.json()["access_token"])

        def set(self, case: schemathesis.Case, data: str | None, _: schemathesis.AuthContext) -> None:
            if data is not None:
                case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


def _signs_in(job: Job, operation: dict[str, Any]) -> str:
    if operation.get("security") == []:
        return "nobody"
    if job.caller != ALL_ROLES:
        return job.caller
    permission = operation.get("x-permission")
    return "staff" if permission is None or roles_with(permission) & set(STAFF_ROLES) else "program"


def _keep_the_cast(job: Job) -> None:
    """Nobody suspends, parts with or disables those who are calling: somebody else is meant then."""
    untouchable = frozenset(job.untouchable)

    @schemathesis.hook
    def before_call(_: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
        if case.method != "GET":
            for name, value in (case.path_parameters or {}).items():
                if value in untouchable:
                    case.path_parameters[name] = NOBODY


def _thin_out(job: Job) -> None:
    """Each field meets some of the wrong types instead of all, and each operation some of the wrong values of headers
    that are everywhere the same; another seed picks others."""
    seen = itertools.count(job.seed)

    @schemathesis.hook
    def filter_case(_: schemathesis.HookContext, case: schemathesis.Case) -> bool:
        data = case.meta.phase.data if case.meta is not None else None
        repeats = isinstance(data, CoveragePhaseData) and (
            data.scenario is CoverageScenario.INCORRECT_TYPE or data.parameter in ("If-Match", "Idempotency-Key")
        )
        return not repeats or next(seen) % job.every == 0


def _findings(statistic: Statistic, schema: schemathesis.BaseSchema) -> list[str]:
    found = []
    for label, groups in sorted(statistic.failures.items()):
        for group in groups.values():
            words = group.format(index=None, curl=group.code_sample, config=schema.config.output)
            found.append(f"{label}\n{words}")
    return found


if __name__ == "__main__":
    job, result = (Path(argument) for argument in sys.argv[1:])
    result.write_text(explore(Job.model_validate(json.loads(job.read_bytes()))).model_dump_json())
