"""The customer service: its rooms, wired. Nothing is wired anywhere else."""

from fastapi import FastAPI

from kit.http.of_every_service import routers_of
from kit.runtime import Wiring
from kit.service import create_app
from kit.settings import ServiceSettings, service_settings
from services.customer.file import routes as file
from services.customer.purchase import routes as purchase
from services.customer.subscribers import SUBSCRIPTIONS

WIRING = Wiring(service="customer", subscriptions=SUBSCRIPTIONS, seals=True)
ROUTERS = (file.router, purchase.router, *routers_of("customer"))


def application(settings: ServiceSettings) -> FastAPI:
    """The service with these settings. Raises UnsafeSettingsError when its vault has no keys in production."""
    return create_app(
        WIRING, ROUTERS, settings, title="Kefu customer service", description="Customers and their purchases (客户)."
    )


def create() -> tuple[FastAPI, ServiceSettings]:
    """The service with the environment's settings."""
    settings = service_settings("customer")
    return application(settings), settings
