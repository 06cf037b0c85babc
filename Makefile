# Kefu: `make` lists what there is to do. Everything runs in .venv, made from the locks when they change.

PYTHON ?= python3.11
UV     ?= uv
SIZE   ?= full
BIN    := .venv/bin
READY  := .venv/.ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test faults lint types walls fuzz apilint bench demo lock clean

# Compiled bytecode is kept: without it every process starts seconds later.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY)  ## Run the gateway and the four services here, with PostgreSQL and NATS (Ctrl-C ends all)
	@$(BIN)/kefu up

test: $(READY)  ## Run the tests against real PostgreSQL and NATS
	$(BIN)/python -m pytest -n 2 -m "not chaos"

faults: $(READY)  ## Kill and stop every process, PostgreSQL and NATS while they work; plant bugs (an hour; SIZE=small: minutes)
	KEFU_FAULTS=$(SIZE) $(BIN)/python -m pytest -n 0 -m "$(if $(filter small,$(SIZE)),chaos and not nightly,chaos)"
	KEFU_MACHINE=$(SIZE) $(BIN)/python -m pytest -n 0 -k random_hands tests/ticket/test_refund_machine.py

lint: $(READY)  ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)  ## Check types
	$(BIN)/mypy

walls: $(READY)  ## Check who imports whom
	$(BIN)/lint-imports

fuzz: $(READY)  ## Explore the whole API with schemathesis (SEED=… or SEED=random; minutes)
	$(BIN)/python -m tests.outside $(if $(SEED),--seed $(SEED))

apilint: $(READY)  ## Lint the API's documents with redocly and spectral (with Node)
	$(BIN)/python -m tests.outside.apilint

bench: $(READY)  ## Measure, side by side (KEEP=yes: and write the tables into docs/performance.md)
	$(BIN)/python -m bench $(if $(KEEP),--keep)

demo: $(READY)  ## Import 69,659 real purchases, work a shop's day, print the evening's page (SIZE=small: a taste)
	@$(BIN)/kefu demo --size $(SIZE)

$(READY): requirements.lock requirements-dev.lock requirements-data.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11, or name another with PYTHON=…" >&2; exit 1; }
	@echo "Installing the locked requirements into .venv (about a minute, once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --require-hashes -r requirements.lock -r requirements-dev.lock
	@$(BIN)/pip install --quiet --require-hashes --no-deps --no-build-isolation -r requirements-data.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

lock:  ## Lock the requirements anew
	@command -v $(UV) >/dev/null || { echo "uv is missing: install it, or name it with UV=…" >&2; exit 1; }
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --group data --no-deps -o requirements-data.lock

clean:  ## Remove .venv, caches and the local stack's data (.kefu)
	rm -rf .venv .kefu .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info tests/outside/*/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
