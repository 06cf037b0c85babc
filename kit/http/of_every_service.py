"""The routes that every service has: its policies, its trail, its events."""

from fastapi import APIRouter

from kit.http import audit_routes, event_routes, policy_routes

OF_EVERY_SERVICE = ("/v1/policies/", "/v1/audit/", "/v1/events/")
"""Where they begin; the service's name follows."""


def routers_of(service: str) -> tuple[APIRouter, ...]:
    """Routers for `ROUTERS` of the service's `app.py`."""
    return policy_routes.router(service), audit_routes.router(service), event_routes.router(service)
