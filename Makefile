# Packtrail's commands. Each one prepares .venv by itself: only Python 3.11 or 3.12 (with venv) and make are needed.

VENV ?= .venv
# A Python 3.11 or 3.12 to build the environment with; empty means: look for one.
PYTHON ?=
# Files made by runs: results of the demo, reports.
BUILD := build
# How many seeds `make simulate` runs.
SEEDS ?= 20
# How many steps `make fuzz-law` takes, and from which seed.
STEPS ?= 100000
SEED ?= 0
# How many inputs `make fuzz-decoders` makes.
INPUTS ?= 200000
# What there is in the largest world that `make model-check` explores; see tests/modelcheck/README.md for larger ones.
ITEMS ?= pack-1,pack-2,case-1,pallet-1
# In how many rounds `make twins` parts the network.
ROUNDS ?= 3
# How long `make chaos` lets things happen.
MINUTES ?= 2
# Whether slow recoveries and memory that grows fail `make chaos`; empty means: they are reported.
STRICT ?= 1
# Where `make simulate`, `simulate-long`, `planted-simulation`, `crash-points`, `damage`, `fuzz-decoders` and `chaos`
# keep their table; empty means: nowhere.
KEEP ?=
# How many files of tests `make test` runs at the same time, and how many processes `make fuzz-law` has.
JOBS ?= 2
# Extra arguments for pytest, for example: make test PYTEST_ARGS="tests/unit -k merkle"
PYTEST_ARGS ?=
# Public EPCIS files that `make corpus` reads; see CONTRIBUTING.md.
PACKTRAIL_PUBLIC_DATA ?= ../shared/data

# Dozens of short processes would each compile the same files, where this is set.
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOCK := requirements-dev.lock
# The stamp's name carries what was installed, so a changed lock file or pyproject.toml installs anew.
STAMP := $(VENV)/.installed-$(shell cat $(LOCK) pyproject.toml 2>/dev/null | cksum | cut -d' ' -f1)
DOCS_STAMP := $(VENV)/.docs-$(shell cat requirements-docs.lock 2>/dev/null | cksum | cut -d' ' -f1)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo testnet test corpus planted damage coverage simulate simulate-long planted-simulation twins crash-points chaos reconnects fuzz-decoders fuzz-law model-check determinism bench lint format types docs lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## Make the environment in .venv (every command below does this by itself)

demo: $(STAMP) ## Six nodes on loopback trace a pack from maker to patient, refuse a copy, run a recall, and stop
	$(BIN)/packtrail testnet demo

testnet: $(STAMP) ## The demo, and the network stays up: `.venv/bin/packtrail testnet down` stops it
	$(BIN)/packtrail testnet demo --keep

test: $(STAMP) ## Units, vectors, scenarios, properties and black-box networks; a file of tests stays on one core
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST_ARGS)

corpus: export PACKTRAIL_PUBLIC_DATA := $(PACKTRAIL_PUBLIC_DATA)
corpus: $(STAMP) ## Every public EPCIS file gives the expected records or the expected refusal
	@test -d "$(PACKTRAIL_PUBLIC_DATA)" || { \
	  echo "make corpus: no folder $(PACKTRAIL_PUBLIC_DATA); set PACKTRAIL_PUBLIC_DATA" >&2; exit 1; }
	$(BIN)/python -m pytest tests/corpus $(PYTEST_ARGS)

planted: $(STAMP) ## Wrong laws, each caught by the reference model; wrong nodes that few seeds of the simulator find
	$(BIN)/python -m pytest tests/properties -m slow $(PYTEST_ARGS)
	$(BIN)/python -m pytest tests/unit/consensus/test_planted.py -m slow -n $(JOBS) $(PYTEST_ARGS)
	$(BIN)/python -m pytest tests/simulation -m planted -n $(JOBS) $(PYTEST_ARGS)

damage: $(STAMP) ## Every kind of file of a home and of an archive damaged, at 4,000 positions: each noticed and named
	$(BIN)/python -m tests.damage --positions 4000 $(if $(KEEP),--record $(KEEP))
	$(BIN)/python -m pytest tests/testnet -m "testnet and slow" $(PYTEST_ARGS)

coverage: $(STAMP) ## Branch coverage of contracts and consensus, at least 98%
	$(BIN)/python -m pytest tests/unit/contracts tests/unit/consensus tests/vectors tests/scenarios \
	  tests/properties -m "not slow and not planted" --cov --cov-report=term-missing:skip-covered $(PYTEST_ARGS)

simulate: $(STAMP) ## Seeded faults against the real core: make simulate SEEDS=500
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) $(if $(KEEP),--record $(KEEP))
	$(BIN)/python -m tests.simulation --beyond-third --seeds $$(($(SEEDS) / 20 + 4)) \
	  $(if $(KEEP),--record $(basename $(KEEP))-beyond$(suffix $(KEEP)))

simulate-long: $(STAMP) ## As many seeds as fit into MINUTES; KEEP=FILE keeps the table
	$(BIN)/python -m tests.simulation --minutes $(MINUTES) $(if $(KEEP),--record $(KEEP))

planted-simulation: $(STAMP) ## Every bug that is planted in the simulator, found; KEEP=FILE keeps the table
	$(BIN)/python -m tests.simulation.planted_table --jobs 2 $(if $(KEEP),--record $(KEEP))

twins: $(STAMP) ## One of four keys on two nodes, under every small schedule: make twins ROUNDS=3
	$(BIN)/python -m tests.simulation.twins --rounds $(ROUNDS)
	$(BIN)/python -m tests.simulation.twins --rounds 1 --phases
	$(BIN)/python -m tests.simulation.twins --rounds $(ROUNDS) --phases --sample 4000

crash-points: $(STAMP) ## Power goes out, or the disk refuses, at every persistence point of a validator and of followers
	$(BIN)/python -m tests.simulation.crash_points $(if $(KEEP),--record $(KEEP))

reconnects: $(STAMP) ## 10,000 connections of nodes and of clients come and go, and leave no descriptor behind
	PACKTRAIL_RECONNECTS=10000 $(BIN)/python -m pytest -k leak_no_descriptor tests/unit/network/test_peers.py \
	  tests/unit/node/api/test_connections.py $(PYTEST_ARGS)

chaos: $(STAMP) ## Seven real nodes killed, paused, cut off, restarted under load: make chaos MINUTES=20 SEED=1
	$(BIN)/python -m tests.chaos --minutes $(MINUTES) --seed $(SEED) $(if $(STRICT),,--lenient) \
	  $(if $(KEEP),--record $(KEEP))

fuzz-decoders: $(STAMP) ## Every decoder, fed with what nobody should send: INPUTS=10000000; KEEP=FILE keeps the table
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS) --seed $(SEED) --jobs 2 $(if $(KEEP),--record $(KEEP))

fuzz-law: $(STAMP) ## Random partners against law and reference model: make fuzz-law STEPS=1000000 SEED=7
	$(BIN)/python -m tests.properties.fuzz_law --steps $(STEPS) --seed $(SEED) --jobs $(JOBS)

model-check: $(STAMP) ## The law explored to a fixed point, no trap: make model-check ITEMS=pack-1,pack-2,pack-3,case-1
	$(BIN)/python -m tests.modelcheck --items pack-1
	$(BIN)/python -m tests.modelcheck --items pack-1 --reasons destroyed,stolen --families holds
	$(BIN)/python -m tests.modelcheck --items duo-1 --reasons destroyed,stolen \
	  --families transfer,outside,parts,late
	$(BIN)/python -m tests.modelcheck --items pack-1 --families overages,exempt,onboarding
	$(BIN)/python -m tests.modelcheck --items pack-1 --families corrections
	$(BIN)/python -m tests.modelcheck --items $(ITEMS) --reasons destroyed,stolen
	$(BIN)/python -m tests.modelcheck --items pack-1,case-1 --partners Acme,Corner,Gov --reasons destroyed,stolen \
	  --compare 10

determinism: $(STAMP) ## The same app hash on every Python that is here, under several hash seeds
	$(BIN)/python -m tests.determinism

bench: $(STAMP) ## Finalised records and serials a second, and the latency
	$(BIN)/packtrail bench single
	$(BIN)/packtrail bench single --stream
	$(BIN)/packtrail bench commission

lint: $(STAMP) ## ruff, its formatter, import-linter, codespell
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(STAMP) ## Let ruff format, and mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP) ## mypy --strict
	$(BIN)/mypy

docs: $(STAMP) $(DOCS_STAMP) ## The documentation, in build/docs
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -b html docs $(BUILD)/docs

clean: ## Remove what runs left behind; .venv stays
	rm -rf $(BUILD) dist *.egg-info .coverage .coverage.* htmlcov \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find cli consensus contracts network node tests docs -type d -name __pycache__ -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------ the environment

# Everything comes from the lock file and is checked against its hashes; the project itself is linked, not copied.
$(STAMP):
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(MAKE) --no-print-directory environment
	$(PIP) install --quiet --require-hashes -r $(LOCK)
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.installed-* && touch $@

SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))

.PHONY: environment
environment:
	@python="$(PYTHON)"; \
	for candidate in python3 python3.12 python3.11; do \
	  if [ -z "$$python" ] && "$$candidate" -c '$(SUITABLE)' 2>/dev/null; then python="$$candidate"; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Packtrail needs Python 3.11 or 3.12; name one: make PYTHON=/path/to/python3.12" >&2; exit 1; fi; \
	if ! "$$python" -c '$(SUITABLE)' 2>/dev/null; then \
	  echo "Packtrail needs Python 3.11 or 3.12, and $$python is not one" >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)

$(DOCS_STAMP): | $(STAMP)
	$(PIP) install --quiet --require-hashes -r requirements-docs.lock
	@rm -f $(VENV)/.docs-* && touch $@

# Resolve the dependencies anew. The files name versions and hashes only, never where they came from.
COMPILE := $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header \
  --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

lock: $(STAMP) ## Write the lock files anew from pyproject.toml
	$(COMPILE) --build-deps-for=editable -o requirements.lock pyproject.toml
	$(COMPILE) --build-deps-for=editable --extra=test --extra=dev --extra=uvloop -c requirements.lock \
	  -o requirements-dev.lock pyproject.toml
	$(COMPILE) --extra=docs -c requirements-dev.lock -o requirements-docs.lock pyproject.toml
