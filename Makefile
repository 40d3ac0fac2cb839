PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
PYTEST := $(BIN)/pytest -q

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup packages run test lint fmt types arch unit sandbox integration clean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1 \2/p' $(MAKEFILE_LIST) | \
	while read -r target what; do printf '%-12s %s\n' "$$target" "$$what"; done

setup: $(READY) ## make the development environment, .venv

run: setup ## walk through a demo in a throw-away user manager
	$(BIN)/unitward sandbox -- $(BIN)/python -m deploy.walkthrough

test: lint types arch unit sandbox integration ## everything that has to hold

lint: setup ## check style
	$(BIN)/ruff check
	$(BIN)/ruff format --check

fmt: setup ## mend style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: setup ## check types
	$(BIN)/mypy

arch: setup ## check which room imports which
	$(BIN)/lint-imports

unit: setup ## test what needs no user manager
	$(PYTEST) -n 2 tests/unit tests/properties

sandbox: setup ## test throw-away user managers, from outside
	$(PYTEST) -n 2 tests/sandbox

integration: setup ## test against a user manager, in a throw-away one
	$(BIN)/unitward sandbox -- $(PYTEST) -p no:cacheprovider -n 2 tests/integration

clean: ## remove what the other targets made
	rm -rf $(VENV) .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip 25.1 is the first that knows --group.
$(READY): pyproject.toml | packages
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "unitward needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet 'pip>=25.1'
	$(BIN)/pip install --quiet --editable . --group dev
	@touch $@

# The Debian packages that throw-away user managers, the tests and venv are made of.
packages:
	@missing=; \
	needs() { package=$$1; shift; for path; do command -v "$$path" >/dev/null || test -e "$$path" && return; done; \
	  missing="$$missing $$package"; }; \
	needs systemd /usr/lib/systemd/systemd /lib/systemd/systemd; \
	needs dbus dbus-daemon dbus-broker; \
	needs dbus-user-session /usr/lib/systemd/user/dbus.socket /lib/systemd/user/dbus.socket \
	  /etc/systemd/user/dbus.socket; \
	needs util-linux setpriv; \
	needs git git; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	test -n "$$missing" || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$missing; \
	else \
	  echo "These Debian packages are missing: sudo apt install$$missing" >&2; exit 1; \
	fi
