"""The `kefu` command line. A new command is a function in a module of its own and one line below."""

import sys

import typer

from kit.testing.children import ServerError
from ops import broker, deadletters, first_admin, lifecycles, migrate, replay, reseal, tokens, up, verify_audit
from ops.demo.command import command as demo_command
from ops.environment import StackError

app = typer.Typer(
    help="Kefu: run it here, migrate its databases, try it out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.command)
app.command("migrate")(migrate.command)
app.command("token")(tokens.command)
app.command("first-admin")(first_admin.command)
app.command("demo")(demo_command)
app.command("verify-audit")(verify_audit.command)
app.command("replay")(replay.command)
app.command("reseal")(reseal.command)
app.command("lifecycles")(lifecycles.command)
app.command("broker-users")(broker.users_command)
app.command("broker-url")(broker.url_command)
app.add_typer(deadletters.app, name="dead-letters")


def main() -> None:
    """Run the command line; what a person can act on is one sentence on standard error and exit code 1."""
    try:
        app()
    except (StackError, ServerError) as trouble:
        print(f"kefu: {trouble}", file=sys.stderr)
        sys.exit(1)
