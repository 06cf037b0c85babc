"""One document out of five (G4)."""

from typing import Any

from gateway.openapi import merge


def document(paths: dict[str, Any] | None = None, **schemas: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": paths or {}, "components": {"schemas": schemas}}


def operation(name: str, schema: str | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    answer = {"description": "ok", "content": content} if schema else {"description": "ok"}
    return {"operationId": name, "responses": {"200": answer}}


def referred(merged: dict[str, Any], path: str) -> str:
    schema = merged["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return str(schema["$ref"]).rpartition("/")[2]


def test_paths_come_from_the_service_they_are_routed_to() -> None:
    merged = merge(
        {
            "gateway": document(
                {"/health": {"get": operation("show_health")}, "/oauth/token": {"post": operation("a")}}
            ),
            "ticket": document(
                {
                    "/v1/tickets/{ticket_id}": {"get": operation("show_ticket")},
                    "/v1/policies/ticket/{name}": {"get": operation("show_policy")},
                    "/v1/policies/customer/{name}": {"get": operation("stray")},
                    "/v1/accounts": {"get": operation("stray")},
                    "/readyz": {"get": operation("readyz")},
                }
            ),
            "customer": document(
                {"/v1/customers": {"get": operation("list_customers")}, "/v1/tickets": {"get": operation("x")}}
            ),
        },
        version="1",
    )
    assert list(merged["paths"]) == [
        "/health", "/oauth/token", "/v1/customers", "/v1/policies/ticket/{name}", "/v1/tickets/{ticket_id}",
    ]  # fmt: skip


def test_a_component_that_means_the_same_is_kept_once() -> None:
    price = {"type": "object", "properties": {"amount": {"type": "string"}}}
    merged = merge({"ticket": document(Price=price), "customer": document(Price=dict(price))}, version="1")
    assert merged["components"]["schemas"] == {"Price": price}


def test_a_name_with_two_meanings_gets_its_service_in_front() -> None:
    merged = merge(
        {
            "ticket": document({"/v1/tickets": {"get": operation("a", "Item")}}, Item={"type": "object"}),
            "customer": document({"/v1/customers": {"get": operation("b", "Item")}}, Item={"type": "string"}),
        },
        version="1",
    )
    assert merged["components"]["schemas"] == {"TicketItem": {"type": "object"}, "CustomerItem": {"type": "string"}}
    assert referred(merged, "/v1/tickets") == "TicketItem"
    assert referred(merged, "/v1/customers") == "CustomerItem"


def test_so_does_what_differs_only_in_what_it_refers_to() -> None:
    page = {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}
    book = {"type": "object", "properties": {"page": {"$ref": "#/components/schemas/Page"}}}
    merged = merge(
        {
            "ticket": document(
                {"/v1/tickets": {"get": operation("a", "Book")}}, Item={"type": "object"}, Page=page, Book=book
            ),
            "customer": document(
                {"/v1/customers": {"get": operation("b", "Book")}}, Item={"type": "string"}, Page=page, Book=book
            ),
        },
        version="1",
    )
    schemas = merged["components"]["schemas"]
    assert set(schemas) == {f"{owner}{name}" for owner in ("Ticket", "Customer") for name in ("Item", "Page", "Book")}
    assert schemas["CustomerPage"]["items"]["$ref"] == "#/components/schemas/CustomerItem"
    assert schemas["CustomerBook"]["properties"]["page"]["$ref"] == "#/components/schemas/CustomerPage"


def test_a_thing_that_refers_to_itself_is_followed_too() -> None:
    tree = {"properties": {"parts": {"items": {"$ref": "#/components/schemas/Tree"}}}}
    other = {**tree, "type": "object"}
    merged = merge({"ticket": document(Tree=tree), "customer": document(Tree=other)}, version="1")
    reference = merged["components"]["schemas"]["TicketTree"]["properties"]["parts"]["items"]["$ref"]
    assert reference == "#/components/schemas/TicketTree"


def test_a_discriminator_s_mapping_follows_the_new_names() -> None:
    choice = {"discriminator": {"mapping": {"a": "#/components/schemas/Item"}}}
    merged = merge(
        {"ticket": document(Item={"type": "object"}, Choice=choice), "customer": document(Item={"type": "string"})},
        version="1",
    )
    mapping = merged["components"]["schemas"]["Choice"]["discriminator"]["mapping"]
    assert mapping == {"a": "#/components/schemas/TicketItem"}


def test_operation_ids_are_unique_and_every_operation_has_a_tag() -> None:
    parameters = [{"name": "x", "in": "query"}]
    merged = merge(
        {
            "ticket": document({"/v1/tickets": {"get": operation("list_all"), "parameters": parameters}}),
            "customer": document({"/v1/customers": {"get": operation("list_all")}}),
        },
        version="1",
    )
    ids = {item["get"]["operationId"] for item in merged["paths"].values()}
    assert ids == {"list_all", "customer_list_all"}
    assert merged["paths"]["/v1/tickets"]["get"]["tags"] == ["ticket"]
    assert merged["paths"]["/v1/tickets"]["parameters"]


def test_links_follow_an_operation_s_new_id_and_never_lead_astray() -> None:
    links = {"list_all": {"operationId": "list_all"}, "stray": {"operationId": "stray"}}
    linking = {"operationId": "make", "responses": {"201": {"description": "made", "links": links}}}
    merged = merge(
        {
            "customer": document({"/v1/customers": {"get": operation("list_all")}}),
            "ticket": document(
                {
                    "/v1/tickets": {"get": operation("list_all"), "post": linking},
                    "/v1/staff": {"get": operation("stray")},
                }
            ),
        },
        version="1",
    )
    told = merged["paths"]["/v1/tickets"]["post"]["responses"]["201"]["links"]
    assert told == {"list_all": {"operationId": "ticket_list_all"}}


def test_missing_services_are_named() -> None:
    merged = merge({"ticket": document()}, version="1", missing={"notify", "customer"})
    assert merged["x-missing"] == ["customer", "notify"]


def test_the_documents_themselves_stay_as_they_are() -> None:
    ticket = document({"/v1/tickets": {"get": operation("a", "Item")}}, Item={"type": "object"})
    before = repr(ticket)
    merge({"ticket": ticket, "customer": document(Item={"type": "string"})}, version="1")
    assert repr(ticket) == before
