# Ringmaster: everything a person or CI runs. `make help` lists it.
#
# Setting up is part of every target: .make/built stands for a virtual environment with the locked packages and
# the Rust extension built from the present sources. All set-up output goes to stderr, so that the standard output
# of `make demo` is the demo's own.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
# The build back-end looks for `maturin` on PATH.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PYTHONUNBUFFERED := 1

# Pass options to the demo:  DEMO_ARGS="--seconds 60 --speed 20 --json" make demo
DEMO_ARGS ?=
# Pass options to the benchmark: make bench BENCH_ARGS=--full
BENCH_ARGS ?=
# Pass options to the soak:    make soak SOAK_ARGS="--minutes 1 --virtual-minutes 2"
SOAK_ARGS ?=
# Pass options to pytest:    make test PYTEST_ARGS="-k claim"
PYTEST_ARGS ?=
JOBS ?= 2

WEB_SOURCES := $(shell find web -type d -name node_modules -prune -o -type f -print 2>/dev/null)
RUST_SOURCES := $(shell find pacing_core -type f \( -name '*.rs' -o -name '*.toml' \) 2>/dev/null)

.PHONY: help setup demo test test-all check format schema screenshots bench soak genesis clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# The newest interpreter that is new enough; one sentence if there is none.
define find_python
for candidate in "$${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do \
  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$candidate"; break; fi; \
done; \
if [ -z "$${python:-}" ]; then \
  echo "Ringmaster needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/python3.11." >&2; exit 2; \
fi
endef

.make/venv: requirements.lock
	@{ $(find_python); mkdir -p .make; \
	  echo "Setting up $(VENV) with the locked packages (a minute or two, once) ..."; \
	  [ -x $(BIN)/python ] || "$$python" -m venv $(VENV) || { \
	    rm -rf $(VENV); echo "\`$$python -m venv\` failed: on Debian and Ubuntu install python3-venv, then run make again." >&2; exit 2; }; \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock; } >&2
	@touch $@

.make/built: .make/venv pyproject.toml Cargo.toml $(wildcard Cargo.lock) $(RUST_SOURCES)
	@{ command -v cargo >/dev/null || { \
	    echo "Ringmaster needs Rust to build its pacing core: install it from https://rustup.rs, then run make again."; exit 2; }; \
	  echo "Building the pacing core (a minute or two, once) ..."; \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .; } >&2
	@touch $@

.make/node: web/package.json web/package-lock.json web/.npmrc
	@{ command -v npm >/dev/null || { \
	    echo "Ringmaster needs Node.js 20.19 or newer with npm to build its page: install it from https://nodejs.org, then run make again."; exit 2; }; \
	  mkdir -p .make; echo "Fetching the page's packages (a minute, once) ..."; \
	  npm --prefix web ci --no-audit --no-fund --loglevel=error; } >&2
	@touch $@

.make/web: .make/node $(WEB_SOURCES)
	@{ echo "Building the page into api/static ..."; npm --prefix web run --silent build -- --logLevel warn; } >&2
	@touch $@

# Not in the virtual environment, where tests and types would see them: Ciw even brings a package `tests` of its own.
.make/peers: .make/venv requirements-bench.lock
	@{ echo "Fetching what the benchmark compares with (a minute or two, once) ..."; rm -rf $@ $@.part; \
	  $(BIN)/python -m pip install --quiet --no-deps --require-hashes --ignore-requires-python --target $@.part -r requirements-bench.lock; \
	  rm -rf $@.part/tests; mv $@.part $@; } >&2
	@touch $@

setup: .make/built .make/web ## set everything up, run nothing

demo: .make/built .make/web ## the whole dialer on this machine: simulated switch, 50 agents (options in DEMO_ARGS)
	@if [ -t 0 ]; then set -m; fi; `# a job of its own: Ctrl-C stops the demo, not make` \
	$(BIN)/ringmaster demo $(DEMO_ARGS) || exit $$?

test: .make/built .make/web ## the tests to run before each commit: under ten minutes on two cores
	cargo test --locked --quiet -p pacing_core
	npm --prefix web run --silent test
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow and not freeswitch" $(PYTEST_ARGS)

test-all: .make/built .make/web ## every test that needs no FreeSWITCH, the long ones too
	cargo test --locked --quiet -p pacing_core
	npm --prefix web run --silent test
	$(BIN)/python -m pytest -n $(JOBS) -m "not freeswitch" $(PYTEST_ARGS)

check: .make/built .make/web ## format, lint, types, stubs, migrations, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest pacing_core --concise \
	  --allowlist tests/unit/pacing_core/stubtest_allowlist.txt
	$(BIN)/python -m api.openapi | cmp -s - web/openapi.json || { \
	  echo "web/openapi.json is not the API's document any more: run \`make schema\`, then commit web/openapi.json and web/src/api/schema.d.ts." >&2; exit 1; }
	npm --prefix web run --silent check
	cargo fmt --all -- --check
	cargo clippy --locked --quiet -p pacing_core --all-targets -- -D warnings
	cargo clippy --locked --quiet -p pacing_core --all-targets --features python -- -D warnings
	$(BIN)/python -m pytest tests/unit/test_imports.py tests/unit/test_docs.py \
	  tests/integration/models/test_migrations.py

format: .make/built .make/node ## rewrite the sources in the one format
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .
	cargo fmt --all
	npm --prefix web run --silent format

schema: .make/built .make/node ## the page's types, made anew from the API's document
	$(BIN)/python -m api.openapi > web/openapi.json
	npm --prefix web run --silent schema

screenshots: .make/built .make/web ## the pictures of the documentation, from a running demo (needs Chromium)
	$(BIN)/python -m tests.e2e.screenshots

bench: .make/built .make/peers ## pacing policies, peers and times compared: benchmarks/results (options in BENCH_ARGS, such as --full)
	@if [ -t 0 ]; then set -m; fi; `# a job of its own: Ctrl-C ends the benchmark, not make` \
	env PYTHONPATH=.make/peers $(BIN)/python -m benchmarks.run $(BENCH_ARGS) || exit $$?

.make/genesis: requirements-genesis.lock
	@{ rm -rf $@; $(find_python); "$$python" -m venv $@ && $@/bin/python -m pip install --quiet --require-hashes -r $<; } >&2
	@touch $@

genesis: .make/built .make/genesis ## the softswitch simulator tried with genesis, an Event Socket client of other people's
	RINGMASTER_GENESIS_PYTHON=.make/genesis/bin/python $(BIN)/python -m pytest tests/unit/simulator/test_genesis.py

soak: .make/built ## 100 calls a second with faults: ten minutes over TCP, 30 virtual ones (options in SOAK_ARGS)
	@if [ -t 0 ]; then set -m; fi; `# a job of its own: Ctrl-C ends the soak, not make` \
	$(BIN)/python -m tests.soak $(SOAK_ARGS) || exit $$?

clean: ## remove everything that was built or set up; the demo's data (.ringmaster) too
	@if [ -x $(BIN)/ringmaster ] && [ -d .ringmaster ]; then \
	  $(BIN)/ringmaster db stop >&2 || echo "Going on: no private PostgreSQL of .ringmaster was stopped." >&2; fi
	rm -rf $(VENV) .make target build dist .ringmaster api/static web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name node_modules -prune -o \( -name __pycache__ -o -name '*.egg-info' \) -prune -exec rm -rf {} +
	find . -maxdepth 1 -name 'pacing_core*.so' -delete
