# Everything a person runs. `make` alone lists the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
VENV := .venv/bin
TABULAR := training-images/tabular
REPORT := .cache/report

# onnxruntime-node's install script would fetch GPU libraries that nothing here uses: ONNXRUNTIME_NODE_INSTALL=skip.
# The project's own Node 24 goes first; installing it takes the Node that the machine has.
export SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

# A stamp is named for the contents of its lock and written last. A changed lock has no stamp yet,
# a broken-off install never got one, and a branch that is switched back finds its stamp again.
checksum = $(shell cat $(1) 2>/dev/null | cksum | cut -d' ' -f1)
NODE_STAMP := node_modules/.lock-$(call checksum,package-lock.json)
TOOLS_STAMP := .tools/.lock-$(call checksum,requirements-tools.lock)
PYTHON_STAMP := .venv/.lock-$(call checksum,$(TABULAR)/requirements.lock requirements-dev.lock)
TRACKING_STAMP := .tracking/.lock-$(call checksum,requirements-tracking.lock)
FUZZER_STAMP := .fuzzer/.lock-$(call checksum,requirements-fuzzer.lock)
# What benchmarks compare with has a lock and an environment of its own: nothing else may come to need it.
PEERS_STAMP := .peers/.lock-$(call checksum,bench/rows/requirements.lock)
SERVING_PEERS_STAMP := .peers-serving/.lock-$(call checksum,bench/serving/requirements.lock)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: start replay bench bench-serving bench-features bench-scale bench-search clean
start: setup ## Run the whole loop on this machine until Ctrl-C (ONCE=1: once, then exit; WORKLOADS=a,b: only these)
	@exec node local/main.ts start $(if $(filter-out 0,$(ONCE)),--once) $(if $(WORKLOADS),--workloads "$(WORKLOADS)")

# Without WORKLOAD: the one that declares batches.
WORKLOAD ?= $(patsubst workloads/%/replay/batches.json,%,$(wildcard workloads/*/replay/batches.json))
replay: setup ## Send a workload's batches in virtual time, labels after them (WORKLOAD=a: which; ROWS=50: so many of each)
	@exec node local/replay/main.ts $(WORKLOAD) $(if $(ROWS),--rows "$(ROWS)")

bench: setup ## Measure speed and memory, as a table
	@exec node bench/run.ts

bench-features: $(PEERS_STAMP) ## Measure features in DuckDB against pandas, at 1, 10 and 40 times the rows
	@exec .peers/bin/python bench/rows/features.py

bench-serving: setup $(SERVING_PEERS_STAMP) ## Measure the endpoint's container against FastAPI, XGBoost and MLServer (8 min, idle machine)
	@exec node bench/serving/run.ts $(if $(filter-out 0,$(JSON)),--json) $(if $(filter-out 0,$(SHORT)),--short)

bench-scale: setup ## Measure preparing and training at 1, 10 and 100 times the rows
	@exec $(VENV)/python bench/rows/scale.py

bench-search: setup ## Measure a search of 200 trials, as a whole job
	@exec $(VENV)/python bench/rows/search.py

clean: ## Remove the local cloud's state
	rm -rf .perennial

.PHONY: setup lock
setup: $(NODE_STAMP) $(PYTHON_STAMP) $(TRACKING_STAMP) ## Install what the locks say; does nothing when that is done

$(NODE_STAMP):
	@export PATH="$$SYSTEM_PATH"; \
	if ! command -v npm >/dev/null || ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then \
	  echo "Node.js is $$(node -v 2>/dev/null || echo missing), expected 20 or newer with npm: install it from nodejs.org or your package manager." >&2; exit 1; \
	fi; \
	echo "Installing the packages of package-lock.json"; \
	ONNXRUNTIME_NODE_INSTALL=skip npm ci --no-audit --no-fund --loglevel=error
	@case "$$(node_modules/.bin/node -v 2>/dev/null)" in v24.*) ;; *) \
	  echo "node_modules/.bin/node is missing, expected Node 24 from the package \"node\": allow npm to run install scripts (npm config set ignore-scripts false) and run make again." >&2; exit 1;; \
	esac
	@touch $@

$(TOOLS_STAMP):
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  echo "$(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null || echo missing), expected 3.11 or newer: install it, or name another one with make PYTHON=python3.12." >&2; exit 1; \
	fi; \
	rm -rf .tools; \
	if ! reason="$$($(PYTHON) -m venv .tools 2>&1)"; then \
	  rm -rf .tools; echo "$$reason" >&2; \
	  echo "$(PYTHON) cannot create virtual environments: install its venv module (on Debian and Ubuntu the package python3-venv)." >&2; exit 1; \
	fi
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.lock
	@touch $@

# Only an environment that once was complete is brought up to date; any other one is made anew.
$(PYTHON_STAMP): $(TOOLS_STAMP)
	@echo "Installing the Python packages of $(TABULAR)/requirements.lock and requirements-dev.lock"
	@compgen -G '.venv/.lock-*' >/dev/null && $(VENV)/python -c '' 2>/dev/null \
	  || .tools/bin/uv venv --quiet --clear --no-python-downloads --python "$(PYTHON)" .venv
	@rm -f .venv/.lock-*
	@.tools/bin/uv pip sync --quiet --python $(VENV)/python --require-hashes $(TABULAR)/requirements.lock requirements-dev.lock
	@echo "$(CURDIR)/$(TABULAR)/src" > "$$($(VENV)/python -c 'import site; print(site.getsitepackages()[0])')/perennial_tabular.pth"
	@touch $@

$(PEERS_STAMP): $(TOOLS_STAMP)
	@.tools/bin/uv venv --quiet --clear --no-python-downloads --python "$(PYTHON)" .peers
	@.tools/bin/uv pip sync --quiet --python .peers/bin/python --require-hashes bench/rows/requirements.lock
	@touch $@

$(SERVING_PEERS_STAMP): $(TOOLS_STAMP)
	@echo "Installing the servers of bench/serving/requirements.lock"
	@.tools/bin/uv venv --quiet --clear --no-python-downloads --python "$(PYTHON)" .peers-serving
	@.tools/bin/uv pip sync --quiet --python .peers-serving/bin/python --require-hashes bench/serving/requirements.lock
	@touch $@

# The tracking server has libraries of its own: a model's bytes follow those of the training image, and only those.
$(TRACKING_STAMP): $(TOOLS_STAMP)
	@echo "Installing the tracking server of requirements-tracking.lock"
	@.tools/bin/uv venv --quiet --clear --no-python-downloads --python "$(PYTHON)" .tracking
	@.tools/bin/uv pip sync --quiet --python .tracking/bin/python --require-hashes requirements-tracking.lock
	@touch $@

$(FUZZER_STAMP): $(TOOLS_STAMP)
	@echo "Installing the fuzzer of requirements-fuzzer.lock"
	@.tools/bin/uv venv --quiet --clear --no-python-downloads --python "$(PYTHON)" .fuzzer
	@.tools/bin/uv pip sync --quiet --python .fuzzer/bin/python --require-hashes requirements-fuzzer.lock
	@touch $@

COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" .tools/bin/uv pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url
lock: $(TOOLS_STAMP) ## Write the locks anew from package.json, pyproject.toml and requirements-*.in
	PATH="$$SYSTEM_PATH" npm install --package-lock-only --no-audit --no-fund
	$(COMPILE) requirements-tools.in --output-file requirements-tools.lock
	$(COMPILE) $(TABULAR)/pyproject.toml --output-file $(TABULAR)/requirements.lock
	$(COMPILE) requirements-tracking.in --excludes requirements-tracking.excluded --output-file requirements-tracking.lock
	$(COMPILE) requirements-fuzzer.in --output-file requirements-fuzzer.lock
	$(COMPILE) requirements-dev.in --constraint $(TABULAR)/requirements.lock --output-file requirements-dev.lock
	$(COMPILE) bench/rows/requirements.in --constraint $(TABULAR)/requirements.lock --output-file bench/rows/requirements.lock
	$(COMPILE) bench/serving/requirements.in --constraint $(TABULAR)/requirements.lock --output-file bench/serving/requirements.lock

# Each check leaves a report in $(REPORT); .ci/run counts them. `make -k test` goes on after a failure.
.PHONY: test format format-check lint types python-lint python-format python-types pytest unit loop
test: format-check lint types python-lint python-format python-types pytest unit loop ## Run every check and test, in this order

define begin
@printf '\n== %s\n' $@
@mkdir -p $(REPORT)
@rm -f $(REPORT)/$@.*
endef
passed = @touch $(REPORT)/$@.passed

format: setup ## Format everything in place
	oxfmt .
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix --quiet .

format-check: setup ## Is TypeScript and JSON formatted?
	$(begin)
	oxfmt --check .
	$(passed)

lint: setup ## oxlint with types: floating promises, focused tests, cycles, any
	$(begin)
	oxlint --type-aware --deny-warnings
	$(passed)

types: setup ## TypeScript, strict
	$(begin)
	tsc --noEmit
	$(passed)

python-lint: setup ## ruff
	$(begin)
	$(VENV)/ruff check .
	$(passed)

python-format: setup ## Is Python formatted?
	$(begin)
	$(VENV)/ruff format --check .
	$(passed)

python-types: setup ## mypy, strict
	$(begin)
	cd $(TABULAR) && $(CURDIR)/$(VENV)/mypy
	$(passed)

pytest: setup ## Tests of the training image
	$(begin)
	cd $(TABULAR) && $(CURDIR)/$(VENV)/pytest -n 2 --dist loadfile --no-loadscope-reorder --continue-on-collection-errors --junitxml=$(CURDIR)/$(REPORT)/$@.xml

VITEST = vitest run --project $@ --reporter=default --reporter=json --outputFile.json=$(REPORT)/$@.json
unit: setup ## Fast tests
	$(begin)
	$(VITEST)

loop: setup $(FUZZER_STAMP) ## The whole loop on the local cloud, faults included
	$(begin)
	$(VITEST)
