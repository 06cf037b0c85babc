"""The notify service: its rooms, wired. Nothing is wired anywhere else."""

from fastapi import FastAPI

from kit.runtime import Wiring
from kit.service import create_app
from kit.settings import ServiceSettings, service_settings
from services.notify.inbox import routes as inbox
from services.notify.rule import routes as rule
from services.notify.subscribers import SUBSCRIPTIONS
from services.notify.template import routes as template

WIRING = Wiring(service="notify", subscriptions=SUBSCRIPTIONS)
ROUTERS = (inbox.router, rule.router, template.router)


def application(settings: ServiceSettings) -> FastAPI:
    """The service with these settings."""
    return create_app(
        WIRING,
        ROUTERS,
        settings,
        title="Kefu notify service",
        description="Rules, templates and inboxes (通知).",
    )


def create() -> tuple[FastAPI, ServiceSettings]:
    """The service with the environment's settings."""
    settings = service_settings("notify")
    return application(settings), settings
