"""Alembic's way in."""

from kit.migrate import run_env

run_env()
