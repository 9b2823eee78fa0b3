# The commands of the project. Plain `make` lists them.
#
# A target that needs tools names every missing one before it starts, so that nobody finds out
# after ten minutes.

CARGO ?= cargo
CC ?= cc
CXX ?= c++
ARGS ?=
PYTHON ?= python3
VENV := target/venv

.DEFAULT_GOAL := help
.PHONY: help build run test check lint bench need-build need-test

# $(call need,tool ...): stops and names each tool that is not found.
define need
@missing=; for tool in $(1); do command -v "$$tool" >/dev/null 2>&1 || missing="$$missing $$tool"; done; \
if [ -n "$$missing" ]; then echo "missing:$$missing" >&2; exit 1; fi
endef

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: need-build ## The library and the command, for release
	$(CARGO) build --release --workspace --exclude meshvitals-bench
	ln -sf libmeshvitals.so target/release/libmeshvitals.so.0

run: need-build ## Watches this machine; ARGS="--help" says what else it can
	$(CARGO) run --release -p meshvitals-cli -- run $(ARGS)

test: need-test $(VENV)/ready ## Every test
	$(CARGO) test --workspace --features schema

lint: need-build ## Formatting and clippy, without a warning
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --features schema -- -D warnings

check: lint test ## What a change must pass

bench: need-test ## Measures and rewrites docs/performance.md; ARGS="--help" says how
	$(CARGO) run --release -p meshvitals-bench -- $(ARGS)

need-build:
	$(call need,$(CARGO))

need-test:
	$(call need,$(CARGO) $(CC) $(CXX))

# A parser of OpenMetrics that is not ours. Without Python or a package index its test says that
# it was skipped.
$(VENV)/ready:
	@{ $(PYTHON) -m venv $(VENV) && $(VENV)/bin/pip install --quiet prometheus_client==0.26.0 && \
	touch $@; } || echo 'no Python with venv, or no package index: some tests are skipped' >&2
