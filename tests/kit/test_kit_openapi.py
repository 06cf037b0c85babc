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


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        kind, name = node["$ref"].removeprefix("#/components/").split("/")
        node = document["components"][kind][name]
    return node


def test_every_error_is_a_problem_and_the_framework_s_own_shape_is_gone(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        statuses = {status for status in operation["responses"] if status >= "4"}
        assert {"400", "401", "403", "408", "413", "422", "429", "500", "502", "503", "504"} <= statuses
        assert ("404" in statuses) == ("{" in path or method == "post")
        assert ({"409", "415"} <= statuses) == (method != "get")
        assert ({"412", "428"} <= statuses) == (method == "patch")
        for status in statuses:
            refusal = resolved(document, operation["responses"][status])
            assert refusal["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
            assert "X-Request-Id" in refusal["headers"]
            assert ("Retry-After" in refusal["headers"]) == (status in ("429", "503"))
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


def test_preconditions_and_keys_stand_where_they_count(document: dict[str, Any]) -> None:
    named = {
        operation["operationId"]: {
            one["name"]: one.get("required", False)
            for one in (resolved(document, parameter) for parameter in operation.get("parameters", ()))
            if one["in"] == "header"
        }
        for _, _, operation in operations(document)
    }
    assert named == {
        "make_thing": {"Idempotency-Key": False},
        "rename_thing": {"If-Match": True},
        "get_thing": {},
        "list_things": {},
        "list_other_things": {},
    }


def test_what_has_a_version_answers_its_etag_and_a_list_its_next_page(document: dict[str, Any]) -> None:
    headers = {
        operation["operationId"]: set(next(iter(operation["responses"].values()))["headers"])
        for _, _, operation in operations(document)
    }
    always = {"X-Request-Id", "RateLimit", "RateLimit-Policy"}
    assert headers == {
        "make_thing": always | {"ETag", "Location"},
        "rename_thing": always | {"ETag"},
        "get_thing": always | {"ETag"},
        "list_things": always | {"Link"},
        "list_other_things": always | {"Link"},
    }


def test_links_lead_from_a_thing_to_what_can_be_done_with_it(document: dict[str, Any]) -> None:
    made = document["paths"]["/v1/things"]["post"]["responses"]["201"]["links"]
    listed = document["paths"]["/v1/things"]["get"]["responses"]["200"]["links"]
    assert made.keys() == listed.keys() == {"get_thing", "rename_thing"}
    assert made["get_thing"] == {"operationId": "get_thing", "parameters": {"thing_id": "$response.body#/id"}}
    assert listed["get_thing"]["parameters"] == {"thing_id": "$response.body#/items/0/id"}
    assert "links" not in document["paths"]["/v1/things/{thing_id}"]["get"]["responses"]["200"]


def test_tags_are_described_and_nothing_stands_there_unused(document: dict[str, Any]) -> None:
    assert [tag["name"] for tag in document["tags"]] == ["things"]
    assert document["tags"][0]["description"]
    text = repr(document)
    for kind in ("schemas", "headers", "parameters", "responses"):
        for name in document["components"].get(kind, {}):
            assert f"#/components/{kind}/{name}'" in text


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
