"""The OpenAPI document that the gateway merges: 3.1, named, secured, a problem on every error."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from kit_probe import probe_settings, router

from kit.runtime import Wiring
from kit.service import create_app


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    settings = probe_settings("postgresql://nobody@127.0.0.1:1/none", "/none", "nats://127.0.0.1:1")
    app: FastAPI = create_app(Wiring("ticket"), [router], settings, title="Things", description="Of the tests.")
    return app.openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_it_is_openapi_3_1_and_says_who_may_call(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Things"
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_operations_are_named_after_their_endpoint(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert sorted(ids) == ["get_thing", "list_other_things", "list_things", "make_thing", "rename_thing"]
    for _, _, operation in operations(document):
        assert operation["tags"] == ["things"]
        assert operation["summary"]
        assert operation["description"]


def test_every_error_is_a_problem_and_the_framework_s_own_shape_is_gone(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        statuses = {status for status in operation["responses"] if status >= "4"}
        assert {"401", "403", "413", "422", "429", "500", "503"} <= statuses
        assert ("404" in statuses) == ("{" in path or method == "post")
        assert ({"400", "409", "412", "415"} <= statuses) == (method != "get")
        for status in statuses:
            content = operation["responses"][status]["content"]
            assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from ([node["$ref"]] if "$ref" in node else [])
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in references(document):
        target = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_parameters_and_bodies_are_described(document: dict[str, Any]) -> None:
    listing = document["paths"]["/v1/things"]["get"]
    parameters = {parameter["name"]: parameter["schema"] for parameter in listing["parameters"]}
    assert parameters.keys() == {"limit", "cursor", "name"}
    assert (parameters["limit"]["minimum"], parameters["limit"]["maximum"], parameters["limit"]["default"]) == (
        1,
        200,
        20,
    )
    made = document["components"]["schemas"]["ThingMake"]
    assert made["additionalProperties"] is False
    assert made["required"] == ["name"]


def test_the_document_is_the_same_each_time(document: dict[str, Any]) -> None:
    settings = probe_settings("postgresql://nobody@127.0.0.1:1/none", "/none", "nats://127.0.0.1:1")
    again = create_app(Wiring("ticket"), [router], settings, title="Things", description="Of the tests.").openapi()
    assert again == document
