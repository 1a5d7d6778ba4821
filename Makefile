# Every command of the project. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first Python that the locked packages have wheels for; `make PYTHON=/path/to/python3` chooses another.
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(firstword $(shell for p in python3 python3.13 python3.12 python3.14 python3.11 python; do \
	$$p -c "$(FITS)" >/dev/null 2>&1 && echo $$p; done; true))

VENV := .venv
BIN := $(VENV)/bin
# The opponents of the benchmarks.
PEERS := .venv-bench
# Clients of other systems that acceptance tests run unmodified: an environment for each folder of tests/clients.
CLIENTS := .venv-clients
CLIENT_NAMES := $(patsubst tests/clients/%/requirements.in,%,$(wildcard tests/clients/*/requirements.in))
# Hashes for everything, wheels only: nothing unpinned is downloaded, and nothing is compiled.
PIP := -m pip install --quiet --disable-pip-version-check --no-compile
INSTALL := $(BIN)/python $(PIP)
HASHED := --require-hashes --only-binary :all: --no-deps --requirement
LOCKED := $(INSTALL) $(HASHED)

COMPILE := $(BIN)/uv pip compile --quiet --no-config --system-certs --custom-compile-command "make lock" \
	--universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links $(LOCK)

DEMO ?=
TESTS ?= tests
# Tests share the cores, file by file.
SHARED := --numprocesses auto --maxprocesses 4 --dist loadfile
BENCH ?=
SECONDS ?= 600

.PHONY: help setup dev demo test fuzz acceptance clients check format bench dialects .loaders docs conformance tutorials lock clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name what; do \
	printf '  make %-12s %s\n' "$$name" "$$what"; done

setup: $(VENV)/.runtime ## Make .venv: Scoreline with all extras

demo: $(VENV)/.runtime ## A real table becomes a live score (DEMO=--exit: end after the answer)
	@$(BIN)/scoreline demo $(DEMO)

test: $(VENV)/.dev clients ## Run the tests (TESTS=tests/unit for a part)
	@$(BIN)/python -m pytest $(SHARED) $(TESTS)

fuzz: $(VENV)/.dev ## Send the server what nobody should, for SECONDS=600
	@PYTHONPATH=. $(BIN)/python tests/fuzz/run.py $(SECONDS)

acceptance: $(VENV)/.dev clients ## Run only the tests that start the real CLI and server
	@$(BIN)/python -m pytest $(SHARED) tests/acceptance

clients: $(CLIENT_NAMES:%=$(CLIENTS)/%/.ready) ## Make the environments of the clients that tests run

check: $(VENV)/.dev ## Format, lint, types, import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Put the code in the project's form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(VENV)/.dev $(PEERS)/.ready .loaders ## Measure what must hold, beside its opponents: 12 to 15 minutes (BENCH=--quick: 3 to 5)
	@$(BIN)/python -m benchmarks $(BENCH)

dialects: $(VENV)/.dev .loaders ## Measure every dialect beside the native one: 5 minutes (BENCH="--only gRPC Thrift")
	@$(BIN)/python -m benchmarks.dialects $(BENCH)

# What loads servers in the benchmarks.
.loaders:
	@missing=(); for pair in wrk:wrk h2load:nghttp2-client taskset:util-linux; do \
	command -v $${pair%:*} >/dev/null || missing+=($${pair#*:}); done; \
	if [ $${#missing[@]} -gt 0 ] && command -v apt-get >/dev/null; then as_root=(); [ "$$(id -u)" -eq 0 ] || as_root=(sudo); \
	"$${as_root[@]}" apt-get update -q && "$${as_root[@]}" apt-get install -q -y --no-install-recommends "$${missing[@]}"; fi

docs: $(VENV)/.dev ## Write docs/reference/ from the code
	$(BIN)/python tools/reference.py

conformance: $(VENV)/.dev ## Write docs/conformance.md: what every dialect passes
	@$(BIN)/python tools/conformance.py

tutorials: $(VENV)/.dev ## Write docs/tutorials.md: what the tutorials have their readers run, and our answers
	@$(BIN)/python tools/tutorials.py

lock: $(VENV)/.dev ## Lock the requirements again, with hashes and without addresses (LOCK=--upgrade: newer versions)
	@$(COMPILE) pyproject.toml --extra all --group build --output-file requirements/all.txt
	@$(COMPILE) pyproject.toml --extra all --group dev --constraint requirements/all.txt --output-file requirements/dev.txt
	@$(COMPILE) benchmarks/requirements.in --constraint requirements/all.txt --output-file benchmarks/requirements.txt
	@for name in $(CLIENT_NAMES); do \
	$(COMPILE) --emit-build-options tests/clients/$$name/requirements.in --output-file tests/clients/$$name/requirements.txt; done

clean: ## Remove everything that the commands made
	rm -rf $(VENV) $(PEERS) $(CLIENTS) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# An install that was interrupted leaves .unfinished behind, with its process id; the next one then starts from an empty folder.
ALONE := if kill -0 "$$(cat $(VENV)/.unfinished 2>/dev/null || echo none)" 2>/dev/null; then \
	echo "Another make is installing into $(VENV): wait for it (none is? rm $(VENV)/.unfinished)" >&2; exit 1; fi
$(VENV)/.python:
	@if ! "$(PYTHON)" -c "$(FITS)" 2>/dev/null; then \
	echo "Scoreline needs Python 3.11 to 3.14 with its venv module; python3 here is $$(python3 --version 2>/dev/null || echo none)." >&2; \
	echo "Install one (Debian, Ubuntu: apt-get install python3-venv) or name it: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.python requirements/all.txt pyproject.toml
	@$(ALONE)
	@if [ -e $(VENV)/.unfinished ]; then "$(PYTHON)" -m venv --clear $(VENV) && touch $(VENV)/.python; fi
	@echo $$PPID >$(VENV)/.unfinished
	@echo "Installing Scoreline and what it needs into $(VENV) (about a minute, once)"
	@$(LOCKED) requirements/all.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@rm $(VENV)/.unfinished
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@$(ALONE)
	@echo $$PPID >$(VENV)/.unfinished
	@echo "Installing the tools for tests and checks into $(VENV)"
	@$(LOCKED) requirements/dev.txt
	@rm $(VENV)/.unfinished
	@touch $@

$(PEERS)/.ready: benchmarks/requirements.txt | $(VENV)/.python
	@echo "Installing the opponents of the benchmarks into $(PEERS) (about a minute, once)"
	@"$(PYTHON)" -m venv --clear $(PEERS)
	@$(PEERS)/bin/python $(PIP) $(HASHED) benchmarks/requirements.txt
	@touch $@

# What a client names with --no-binary in its requirements.in is built, by the setuptools that it locks; the rest is wheels.
$(CLIENTS)/%/.ready: tests/clients/%/requirements.txt
	@[ -x $(BIN)/uv ] || $(MAKE) $(VENV)/.dev
	@echo "Installing the client $* into $(CLIENTS)/$*"
	@$(BIN)/uv venv --quiet --no-config --clear --python $(BIN)/python $(CLIENTS)/$*
	@$(BIN)/uv pip install --quiet --no-config --system-certs --python $(CLIENTS)/$*/bin/python --only-binary :all: \
	--no-deps --require-hashes --build-constraints $< --requirement $<
	@touch $@
