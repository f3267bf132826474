# `make help` says what each target does: the words behind "##".
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
ROOMS ?= layout $(notdir $(patsubst %/,%,$(dir $(wildcard engagement/*/__init__.py))))

.DEFAULT_GOAL := help
.PHONY: help install lint types contracts test-fast french

help: ## Show what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/ready ## Prepare .venv with the pinned dependencies, without starting anything

.venv/ready: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Convoke needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

lint: install ## Check style and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --quiet --lint templates

types: install ## Check types
	$(BIN)/mypy

contracts: install ## Check which room imports which
	$(BIN)/lint-imports

test-fast: install ## Run the tests that need neither browser nor PostgreSQL, in parallel
	$(BIN)/python -m pytest -n 2 -m "not journey and not slow"

french: install ## Bring the French catalogues up to date with the code; new texts are left empty to be written
	@for room in $(ROOMS); do \
	  sources=""; [ -d templates/$$room ] && sources="templates/$$room"; [ -d engagement/$$room ] && sources="$$sources engagement/$$room"; \
	  pot=$$(mktemp); \
	  $(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output -k _l -o $$pot $$sources; \
	  po=translations/$$room/fr/LC_MESSAGES/messages.po; \
	  if grep -q '^msgid "[^"]' $$pot || grep -q '^msgid ""$$' <(tail -n +2 $$pot); then \
	    mkdir -p $$(dirname $$po); \
	    if [ -f $$po ]; then $(BIN)/pybabel -q update -i $$pot -o $$po -l fr --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date 2>/dev/null; \
	    else $(BIN)/pybabel -q init -i $$pot -o $$po -l fr 2>/dev/null; fi; \
	  fi; rm -f $$pot; \
	done
