# `make` alone lists what there is. Another interpreter: `make PYTHON=python3.12 setup`.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip --disable-pip-version-check --quiet
LOCK   := $(VENV)/bin/uv --no-config pip compile pyproject.toml --extra embedded --quiet --upgrade \
          --universal --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench faults kills lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## Make .venv with everything that the product, its tests and checks need

demo: $(VENV)/.runtime ## Diagnose a made-up marketplace on the bundled server, and show a shop
	$(VENV)/bin/shopace demo

# The first part of the tests mostly waits, for servers and processes that are killed and come back;
# the other one computes. Neither keeps a cache, which both would write.
WAITING := tests/faults tests/workers tests/real
PYTEST := $(PY) -m pytest -p no:cacheprovider
test: $(VENV)/.dev ## Run every check and every test, side by side: what CI runs
	$(PY) .ci/side_by_side.py "$(PYTEST) $(WAITING)" "$(PYTEST) $(WAITING:%=--ignore=%)" \
	  "$(MAKE) --no-print-directory check"

check: $(VENV)/.dev ## Lint, formatting, types, imports, generated files
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo
# Generated files, each with its generator's --check:
	$(VENV)/bin/shopace schemas --check
	$(VENV)/bin/shopace texts --check
	$(VENV)/bin/shopace catalog --check

format: $(VENV)/.dev ## Mend what can be mended by itself
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

bench: $(VENV)/.dev ## Measure, on a made-up marketplace
	$(PY) bench/run.py

faults: $(VENV)/.dev ## Inject every fault as often as promised, and write docs/faults.md
	SHOPACE_RANDOM=$${SHOPACE_RANDOM-1} SHOPACE_FAULTS=$${SHOPACE_FAULTS-long} \
	  SHOPACE_FAULTS_REPORT=docs/faults.md $(PY) -m pytest tests/faults

kills: $(VENV)/.dev ## Measure what is done while worker processes are killed: 100,000 shops, half an hour
	$(PY) bench/kills.py

lock: $(VENV)/.dev ## Pin the newest versions that pyproject.toml allows, with hashes, for every platform
	$(LOCK) --group build -o requirements/runtime.txt
	$(LOCK) --group dev -c requirements/runtime.txt -o requirements/dev.txt

clean: ## Remove .venv, build products and caches
	rm -rf $(VENV) build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "shopace needs Python 3.11 or newer, and $(PYTHON) is not. Name another: make PYTHON=/path/to/python3.12 setup" >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamps make a second `make` instant. The dev pins contain the runtime's, so neither undoes the other.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(PY)
	$(PIP) install --require-hashes -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
