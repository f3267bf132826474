# `make help` says what each target does: the words behind "##".
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
CLOSING := $(CURDIR)/.venv/closing-lines
ROOMS ?= layout $(notdir $(patsubst %/,%,$(dir $(wildcard engagement/*/__init__.py))))

# Compiled code is kept beside the tools, never among the sources.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/compiled
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run install lint types contracts test test-fast test-sqlite test-postgresql journeys french audit benchmarks

help: ## Show what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/runs ## Start everything: pages, mail worker, local mailbox; the demonstration on the first start (PORT=8001 for another port)
	@exec $(BIN)/flask start

install: .venv/ready ## Prepare .venv with the pinned dependencies, without starting anything

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Convoke needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@$(PYTHON) -m venv .venv

.venv/runs: requirements.txt constraints.txt | .venv/bin/python
	@echo "Preparing .venv with the pinned dependencies …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/ready: requirements.txt requirements-dev.txt constraints.txt | .venv/bin/python
	@echo "Preparing .venv with the pinned dependencies and the tools …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch .venv/runs $@

lint: install ## Check style and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --quiet --lint templates

types: install ## Check types
	$(BIN)/mypy

contracts: install ## Check which room imports which
	$(BIN)/lint-imports

test: install ## Run everything: lint, types, contracts, tests on SQLite and PostgreSQL, browser journeys
	@rm -f $(CLOSING)
	@$(MAKE) --no-print-directory lint types contracts test-sqlite test-postgresql journeys
	@echo; cat $(CLOSING)

test-fast: install ## Run the tests that need neither browser nor PostgreSQL, in parallel; under a minute
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not journey and not slow" --hypothesis-profile fast

test-sqlite: install ## Run the tests on SQLite
	CLOSING=$(CLOSING) $(BIN)/python -m pytest -n 2 --dist loadfile -m "not journey"

test-postgresql: install ## Run the same tests on a real PostgreSQL, which a pinned wheel carries
	CLOSING=$(CLOSING) $(BIN)/python -m pytest -n 2 --dist loadfile -m "not journey" --database postgresql

journeys: install ## Drive an installed Chromium or Chrome through the running program (CHROME=… names it)
	@CLOSING=$(CLOSING) $(BIN)/python -m tests.journeys.run

benchmarks: install ## Measure: one JSON line per row, each with its limit from the same run
	@for row in $$(grep -l __main__ benchmarks/*.py); do $(BIN)/python -m benchmarks.$$(basename $$row .py) || exit 1; done

audit: install ## Ask whether a known weakness is in any package that is installed for it (needs the network)
	$(BIN)/pip-audit --disable-pip --no-deps -r constraints.txt

french: install ## Bring the French catalogues up to date with the code; new texts are left empty to be written
	@for room in $(ROOMS); do \
	  sources=""; [ -d templates/$$room ] && sources="templates/$$room"; [ -d engagement/$$room ] && sources="$$sources engagement/$$room"; \
	  pot=$$(mktemp); \
	  $(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output -k _l -o $$pot $$sources; \
	  po=translations/$$room/fr/LC_MESSAGES/messages.po; \
	  if grep -q '^msgid "[^"]' $$pot || grep -q '^msgid ""$$' <(tail -n +2 $$pot); then \
	    mkdir -p $$(dirname $$po); \
	    if [ -f $$po ]; then $(BIN)/pybabel -q update -w 1000 -i $$pot -o $$po -l fr --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date 2>/dev/null; \
	    else $(BIN)/pybabel -q init -w 1000 -i $$pot -o $$po -l fr 2>/dev/null; fi; \
	    sed -i -e '/^"\(Report-Msgid\|POT-Creation\|PO-Revision\|Last-Translator\|Language-Team\|Generated-By\)/d' -e 's/^"Project-Id-Version:.*/"Project-Id-Version: Convoke\\n"/' $$po; \
	  fi; rm -f $$pot; \
	done
