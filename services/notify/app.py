"""The notify service: its rooms, wired. Nothing is wired anywhere else."""

from dataclasses import replace

from fastapi import FastAPI

from kit.http.of_every_service import routers_of
from kit.runtime import Wiring
from kit.service import create_app
from kit.settings import ServiceSettings, service_settings
from services.notify.email.channel import open_channel
from services.notify.email.courier import Courier
from services.notify.inbox import routes as inbox
from services.notify.notification import routes as notification
from services.notify.notification.policy import DELIVERY_PAUSES, QUIET_START
from services.notify.rule import routes as rule
from services.notify.settings import email_settings
from services.notify.subscribers import SUBSCRIPTIONS
from services.notify.template import routes as template

POLICIES = (QUIET_START, DELIVERY_PAUSES)
WIRING = Wiring(service="notify", subscriptions=SUBSCRIPTIONS, policies=POLICIES)
ROUTERS = (inbox.router, notification.router, rule.router, template.router, *routers_of("notify"))


def application(settings: ServiceSettings) -> FastAPI:
    """The service with these settings. Raises UnsafeSettingsError for what e-mail lacks in production."""
    channel = open_channel(settings, email_settings(settings))
    app = create_app(
        replace(WIRING, loops=(lambda runtime: Courier(runtime.transactions, channel).run(runtime.relay.leads),)),
        ROUTERS,
        settings,
        title="Kefu notify service",
        description="Rules, templates, inboxes and e-mail (通知).",
    )
    app.state.email = channel
    return app


def create() -> tuple[FastAPI, ServiceSettings]:
    """The service with the environment's settings."""
    settings = service_settings("notify")
    return application(settings), settings
