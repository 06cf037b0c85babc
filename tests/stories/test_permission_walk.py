"""Every endpoint of every service, called by every role and by nobody: the matrix is what happens (G2, X6)."""

import pytest
from stage import Starter, concrete

from contracts.permissions import ROLES, roles_with
from kit.http.openapi import permissions

SERVICES = ("customer", "ticket", "appraisal", "notify")


@pytest.mark.parametrize("service", SERVICES)
async def test_every_route_answers_401_to_nobody_and_403_to_the_wrong_role(
    service: str, start_service: Starter
) -> None:
    async with start_service(service) as client:
        asked = permissions(client.app)
        documented = client.app.openapi()["paths"]
        routes = {(path, method) for path, operations in documented.items() for method in operations}
        assert routes, "a service without routes proves nothing"
        assert routes - asked.keys() == set(), "these endpoints ask for no permission"
        for (path, method), permission in sorted(asked.items()):
            where = concrete(path)
            nobody = await client.http.request(method, where)
            assert nobody.status_code == 401, f"{method} {path} let nobody in"
            for role in sorted(set(ROLES) - roles_with(permission)):
                refused = await client.http.request(method, where, headers=client.as_(role), json={})
                assert refused.status_code == 403, f"{method} {path} let {role} in: {refused.text}"


@pytest.mark.parametrize("service", SERVICES)
async def test_every_role_with_the_permission_gets_past_it(service: str, start_service: Starter) -> None:
    async with start_service(service) as client:
        for (path, method), permission in sorted(permissions(client.app).items()):
            for role in sorted(roles_with(permission)):
                answer = await client.http.request(method, concrete(path), headers=client.as_(role), json={})
                body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
                refused = answer.status_code == 403 and body.get("permission") == permission
                assert answer.status_code != 401, f"{method} {path} does not know {role}"
                assert not refused, f"{method} {path} refuses {role}, who has {permission}"
