# The commands of the project. Plain `make` lists them.
#
# A target that needs tools names every missing one before it starts, so that nobody finds out
# after ten minutes.

CARGO ?= cargo
CC ?= cc
CXX ?= c++
ARGS ?=
PYTHON ?= python3
# The Python module is linked without a libpython, and can so be checked without a Python.
export PYO3_BUILD_EXTENSION_MODULE := 1
VENV := target/venv
PACKAGE := bindings/python
WHEELS := target/wheels
# Where the wheel is installed to be tested; made anew each time.
INSTALLED := target/venv-installed

.DEFAULT_GOAL := help
.PHONY: help build run python installed test test-rust test-python check lint lint-python bench \
	bench-python need-build need-test need-python

# $(call need,tool ...): stops and names each tool that is not found.
define need
@missing=; for tool in $(1); do command -v "$$tool" >/dev/null 2>&1 || missing="$$missing $$tool"; done; \
if [ -n "$$missing" ]; then echo "missing:$$missing" >&2; exit 1; fi
endef

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: need-build ## The library and the command, for release
	$(CARGO) build --release --workspace --exclude meshvitals-bench --exclude meshvitals-python
	ln -sf libmeshvitals.so target/release/libmeshvitals.so.0

run: need-build ## Watches this machine; ARGS="--help" says what else it can
	$(CARGO) run --release -p meshvitals-cli -- run $(ARGS)

python: need-python $(VENV)/ready ## The wheel of the Python package, in target/wheels
	rm -rf $(WHEELS)
	$(VENV)/bin/maturin build --quiet --release --manifest-path $(PACKAGE)/Cargo.toml --out $(WHEELS)

test: need-test test-rust test-python ## Every test

test-rust: need-test $(VENV)/ready
	$(CARGO) test --workspace --exclude meshvitals-python --features schema

test-python: installed
	cd $(PACKAGE)/tests && $(abspath $(INSTALLED))/bin/python -X dev -W error -m pytest $(ARGS)

lint: need-build lint-python ## Formatting, clippy and ruff, without a warning
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --features schema -- -D warnings

lint-python: need-python $(VENV)/ready
	$(VENV)/bin/ruff format --no-cache --quiet --check --config $(PACKAGE)/pyproject.toml $(PACKAGE) examples
	$(VENV)/bin/ruff check --no-cache --quiet $(PACKAGE)
	$(VENV)/bin/ruff check --no-cache --quiet --config $(PACKAGE)/pyproject.toml --ignore T20 examples

check: lint test ## What a change must pass

bench: need-test ## Measures and rewrites docs/performance.md; ARGS="--help" says how
	$(CARGO) run --release -p meshvitals-bench -- $(ARGS)

bench-python: installed ## What it costs to read a status from Python
	$(INSTALLED)/bin/python $(PACKAGE)/benches/status.py

# What is tested is the wheel, in an environment that never saw another.
installed: python
	$(PYTHON) -m venv --clear $(INSTALLED)
	$(INSTALLED)/bin/pip install --quiet -r $(PACKAGE)/requirements-test.txt $(WHEELS)/*.whl

need-build:
	$(call need,$(CARGO))

need-test:
	$(call need,$(CARGO) $(CC) $(CXX) $(PYTHON))

need-python:
	$(call need,$(CARGO) $(PYTHON))

# The tools of the Python package, and a parser of OpenMetrics that is not ours.
$(VENV)/ready: $(PACKAGE)/requirements-test.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -r $<
	touch $@
