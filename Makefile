PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
PYTEST := $(BIN)/pytest -q
OWN     = $(or $(XDG_DATA_HOME),$(HOME)/.local/share)/unitward
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

CHAOS_SEED     ?=
CHAOS_KILLS    ?= 10
CHAOS_INSTANTS ?= 100
CHAOS_SOAK     ?= 30min
CHAOS_FUZZ     ?= 10min
CHAOS_SECONDS  ?= 7200

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup packages system-packages install uninstall run test test-system lint fmt types arch unit sandbox integration bench chaos clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1 \2/p' $(MAKEFILE_LIST) | \
	while read -r target what; do printf '%-12s %s\n' "$$target" "$$what"; done

setup: $(READY) ## make the development environment, .venv

install: ## have this account run unitward, from an environment of its own (YES=1: do not ask)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "unitward needs Python 3.11 or newer: make PYTHON=python3.11")'
	rm -f '$(OWN)/versions/$(VERSION)/.complete'
	$(PYTHON) -m venv '$(OWN)/versions/$(VERSION)'
	'$(OWN)/versions/$(VERSION)/bin/pip' install --quiet --disable-pip-version-check --upgrade .
	sync --file-system '$(OWN)/versions/$(VERSION)'
	touch '$(OWN)/versions/$(VERSION)/.complete'
	ln -sfn 'versions/$(VERSION)' '$(OWN)/current'
	'$(OWN)/current/bin/unitward' install $(if $(YES),--yes)

uninstall: ## take it off this account; the units it keeps run on (PURGE=1: remove them too)
	'$(OWN)/current/bin/unitward' uninstall $(if $(PURGE),--purge) $(if $(YES),--yes)
	rm -rf '$(OWN)/versions' '$(OWN)/current'
	test ! -d '$(OWN)' || rmdir --ignore-fail-on-non-empty '$(OWN)'

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
	$(BIN)/unitward sandbox -- $(PYTEST) -p no:cacheprovider -n 4 tests/integration

# Of two workers, each has one of the two Debians.
test-system: system-packages setup ## test on whole Debian systems, as root
	$(PYTEST) -p no:cacheprovider -n 2 --dist loadgroup tests/system

bench: setup ## measure against the bare floor (BENCH="first nothing --times 5"; BENCH_OUT=FILE)
	$(BIN)/python -m compileall -q src
	$(BIN)/unitward sandbox -- $(BIN)/python -m tests.bench $(BENCH)

chaos: setup ## kill, starve and overload it (CHAOS_SEED=5 CHAOS_SOAK=30min CHAOS_SECONDS=7200 ...)
	$(BIN)/pip install --quiet --group chaos
	timeout --foreground $(CHAOS_SECONDS) $(BIN)/unitward sandbox -- \
	  env CHAOS_SEED=$(CHAOS_SEED) CHAOS_KILLS=$(CHAOS_KILLS) CHAOS_INSTANTS=$(CHAOS_INSTANTS) \
	  CHAOS_SOAK=$(CHAOS_SOAK) CHAOS_FUZZ=$(CHAOS_FUZZ) \
	  $(PYTEST) -p no:cacheprovider -n 2 --dist loadscope \
	  $(or $(CHAOS),tests/chaos tests/integration/chaos)

clean: ## remove what the other targets made
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/unitward-tests"
	rm -rf $(VENV) .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip 25.1 is the first that knows --group. The wheels are for tests, which use no network.
$(READY): pyproject.toml | packages
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "unitward needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet 'pip>=25.1'
	$(BIN)/pip install --quiet --editable . --group dev
	$(BIN)/pip wheel --quiet --wheel-dir $(VENV)/wheels . hatchling
	rm $(VENV)/wheels/unitward-*
	@touch $@

# $(NEEDS) begins a list of `needs PACKAGE PROGRAM-OR-PATH...`; $(INSTALL) ends it.
NEEDS = missing=; \
	needs() { package=$$1; shift; for path; do command -v "$$path" >/dev/null || test -e "$$path" && return; done; \
	  missing="$$missing $$package"; };
INSTALL = test -n "$$missing" || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$missing; \
	else \
	  echo "These Debian packages are missing: sudo apt install$$missing" >&2; exit 1; \
	fi

# The Debian packages that throw-away user managers, the tests and venv are made of.
packages:
	@$(NEEDS) \
	needs systemd /usr/lib/systemd/systemd /lib/systemd/systemd; \
	needs dbus dbus-daemon dbus-broker; \
	needs dbus-user-session /usr/lib/systemd/user/dbus.socket /lib/systemd/user/dbus.socket \
	  /etc/systemd/user/dbus.socket; \
	needs util-linux setpriv; \
	needs git git; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	$(INSTALL)

# What whole systems are made by and booted with.
system-packages:
	@test "$$(id -u)" = 0 || { echo "Whole systems are booted by root: sudo make test-system" >&2; exit 1; }
	@$(NEEDS) \
	needs mmdebstrap mmdebstrap; \
	needs systemd-container systemd-nspawn; \
	$(INSTALL)
