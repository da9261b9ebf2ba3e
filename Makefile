# Every target sets itself up: it needs Python 3.11 or later with venv, and make.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo up test test-all quick compose-test lint bench docs screenshots reference constraints clean chromium

BIN := .venv/bin
STAMP := .venv/.installed
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadgroup -q

help: ## list the targets
	@awk -F ':.*## ' '/^[.a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP) ## run the demonstration sweep on real parts, print its comparison, write a report
	@$(BIN)/ltd demo

up: $(STAMP) ## start the laboratory, print its address, stay until Ctrl-C
	@$(BIN)/ltd up

test: $(STAMP) chromium ## run every test but the slow ones; ONLY=tests/services/runs/test_lifecycle.py runs those
	@$(PYTEST) -m "not slow" $(ONLY)

quick: $(STAMP) ## run the short tests: core, contracts, services and API on SQLite, no worker, no browser
	@$(PYTEST) -m "not slow and not long" -k "not postgresql" --ignore tests/api/dashboard \
	  tests/ltd_core tests/contracts tests/services tests/api

test-all: $(STAMP) chromium ## run every test
	@$(PYTEST) $(ONLY)

compose-test: $(STAMP) ## bring up docker-compose.yml on this machine's Docker engine, break it, and compare (FORMER=commit: upgrade from it)
	@$(BIN)/python -m tests.compose $(FORMER)

.env: ## make the secrets of docker-compose.yml, once
	@(umask 077 && for name in LTD_DB_PASSWORD LTD_TOKEN; do \
	  echo "$$name=$$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"; done > .env)

lint: $(STAMP) ## check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(STAMP) chromium ## run every benchmark, print a table, write benchmarks/results/latest.json
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

reference: $(STAMP) ## write the reference pages of docs/ from the code
	@$(BIN)/python -m docs.generator

docs: $(STAMP) chromium ## write the reference pages and draw the figures of docs/ from the code
	@$(BIN)/python -m docs.generator --figures

screenshots: $(STAMP) chromium ## photograph the pages of all example runs, light and dark, wide and narrow
	@$(BIN)/python -m docs.generator.screenshots

constraints: $(STAMP) ## choose the versions in constraints.txt anew
	@$(BIN)/pip-compile --quiet --all-extras --strip-extras --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --no-emit-options --no-build-isolation \
	  --unsafe-package ltd-lab -o constraints.txt pyproject.toml
	@{ echo "# Versions known to work together on Python 3.11 and later. Made by 'make constraints'; do not edit."; \
	  grep -v -e '^#' -e '^ltd-lab' -e '^$$' constraints.txt | sed 's/+cpu$$//'; } > constraints.tmp
	@mv constraints.tmp constraints.txt

clean: ## remove the virtual environment and everything the laboratory has stored here
	@rm -rf .venv .ltd build dist *.egg-info

$(STAMP): pyproject.toml constraints.txt
	@set -e; \
	if [ ! -x $(BIN)/python ]; then \
	  for python in python3.13 python3.12 python3.11 python3 none; do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	  done; \
	  if [ $$python = none ]; then echo "Python 3.11 or later is needed, and none was found."; exit 1; fi; \
	  echo "Making .venv with $$($$python --version) ..."; \
	  $$python -m venv .venv || { rm -rf .venv; echo "Its venv module is needed (Debian, Ubuntu: the package python3-venv)."; exit 1; }; \
	fi; \
	echo "Installing the laboratory into .venv (minutes, the first time) ..."; \
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[all]'; \
	touch $(STAMP)

# The page tests need a browser: one on the PATH, else the system's package, else Playwright's own.
chromium: $(STAMP)
	@set -e; \
	for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if $(BIN)/python -c 'import os, sys; from playwright.sync_api import sync_playwright as s; p = s().start(); \
	ok = os.path.exists(p.chromium.executable_path); p.stop(); sys.exit(not ok)'; then exit 0; fi; \
	echo "Installing a Chromium for the page tests ..."; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get -qq install -y --no-install-recommends chromium >/dev/null 2>&1 || \
	    { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium >/dev/null; }; }; then exit 0; fi; \
	$(BIN)/python -m playwright install chromium
