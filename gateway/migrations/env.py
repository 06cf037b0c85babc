"""Alembic's entry; what it does is the same for every service."""

from kit.migrate import run_env

run_env()
