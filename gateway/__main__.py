"""`python -m gateway`: serve until told to stop."""

from gateway.app import Gateway
from gateway.settings import GatewaySettings, gateway_settings
from kit.serve import serve


def create() -> tuple[Gateway, GatewaySettings]:
    """The gateway as the environment describes it."""
    from gateway.own import create_gateway

    settings = gateway_settings()
    return create_gateway(settings), settings


if __name__ == "__main__":
    serve("gateway", create)
