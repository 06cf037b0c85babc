"""The appraisal service: its rooms, wired. Nothing is wired anywhere else."""

from fastapi import FastAPI

from kit.http.of_every_service import routers_of
from kit.runtime import Wiring
from kit.service import create_app
from kit.settings import ServiceSettings, service_settings
from services.appraisal.commission import routes as commission
from services.appraisal.commission.policy import COMMISSION_TIERS
from services.appraisal.credit import routes as credit
from services.appraisal.staff import routes as staff
from services.appraisal.subscribers import SUBSCRIPTIONS
from services.appraisal.team import routes as team
from services.appraisal.unit import routes as unit

POLICIES = (COMMISSION_TIERS,)
WIRING = Wiring(service="appraisal", subscriptions=SUBSCRIPTIONS, policies=POLICIES)
ROUTERS = (staff.router, unit.router, team.router, commission.router, credit.router, *routers_of("appraisal"))


def application(settings: ServiceSettings) -> FastAPI:
    """The service with these settings."""
    return create_app(
        WIRING,
        ROUTERS,
        settings,
        title="Kefu appraisal service",
        description="Staff, whose sale an order was, and commission (考核).",
    )


def create() -> tuple[FastAPI, ServiceSettings]:
    """The service with the environment's settings."""
    settings = service_settings("appraisal")
    return application(settings), settings
