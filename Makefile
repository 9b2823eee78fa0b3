# The commands of the project. Plain `make` lists them.
#
# A target that needs tools names every missing one before it starts, so that nobody finds out
# after ten minutes.

CARGO ?= cargo
CC ?= cc
CXX ?= c++
ARGS ?=
# What `install` installs. Built before, unless it is said where something else lies.
BUILT ?= target/release
PYTHON ?= python3
# The Python module is linked without a libpython, and can so be checked without a Python.
export PYO3_BUILD_EXTENSION_MODULE := 1
GO ?= go
VENV := target/venv
PACKAGE := bindings/python
WHEELS := target/wheels
# Where the wheel is installed to be tested; made anew each time.
INSTALLED := target/venv-installed

.DEFAULT_GOAL := help
.PHONY: help build run python install uninstall installed test test-rust test-python test-go check \
	lint lint-python lint-go bench bench-peers bench-python need-build need-test need-python need-go

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

install: $(if $(filter target/release,$(BUILT)),build) ## Puts library, headers and command below PREFIX, /usr/local if none
	$(MAKE) -f bindings/c/install.mk install BUILT=$(BUILT)

uninstall: ## Takes away what install put there
	$(MAKE) -f bindings/c/install.mk uninstall

test: need-test need-go test-rust test-python test-go ## Every test

test-rust: need-test $(VENV)/ready
	$(CARGO) test --workspace --exclude meshvitals-python --features schema

test-python: installed
	cd $(PACKAGE)/tests && $(abspath $(INSTALLED))/bin/python -X dev -W error -m pytest $(ARGS)

# The library of the tests, with the name that programs look for when they run. It is not a place
# that other tests look into.
GO_LIBRARY := $(CURDIR)/target/go
GO_TEST := cd bindings/go && CGO_LDFLAGS="-L$(GO_LIBRARY)" LD_LIBRARY_PATH="$(GO_LIBRARY)" $(GO) test

# Without -count=1 results would be kept although the library has changed. The race detector and a
# collector that never rests come together; -short leaves out what builds programs.
test-go: need-go ## The tests of the Go package
	$(CARGO) build
	mkdir -p $(GO_LIBRARY)
	ln -sf ../debug/libmeshvitals.a ../debug/libmeshvitals.so $(GO_LIBRARY)
	ln -sf ../debug/libmeshvitals.so $(GO_LIBRARY)/libmeshvitals.so.0
	$(GO_TEST) -count=1 ./...
	$(GO_TEST) -count=1 -short -tags meshvitals_static ./...
	GOGC=1 GODEBUG=cgocheck=1 && export GOGC GODEBUG && $(GO_TEST) -count=1 -short -race ./...

lint: need-build lint-python lint-go ## Formatting and lints of each language, without a warning
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --features schema -- -D warnings

lint-python: need-python $(VENV)/ready
	$(VENV)/bin/ruff format --no-cache --quiet --check --config $(PACKAGE)/pyproject.toml $(PACKAGE) examples
	$(VENV)/bin/ruff check --no-cache --quiet $(PACKAGE)
	$(VENV)/bin/ruff check --no-cache --quiet --config $(PACKAGE)/pyproject.toml --ignore T20 examples

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Without the module proxy there is no staticcheck, and that is said.
lint-go: need-go ## Formatting, vet and staticcheck of the Go package
	cd bindings/go && test -z "$$("$$($(GO) env GOROOT)/bin/gofmt" -l . | tee /dev/stderr)"
	cd bindings/go && $(GO) vet ./... && $(GO) vet -tags meshvitals_static ./...
	@GOBIN=$(CURDIR)/target/go/bin GOFLAGS= $(GO) install $(STATICCHECK) || \
	echo 'staticcheck is not to be had: its part is skipped' >&2
	@tool=$(CURDIR)/target/go/bin/staticcheck; test ! -x $$tool || { cd bindings/go && $$tool ./...; }

check: lint test ## What a change must pass

bench: need-test ## Measures and rewrites docs/performance.md; ARGS="--help" says how
	$(CARGO) run --release -p meshvitals-bench -- $(ARGS)

bench-peers: need-build ## Measures HTTP checks beside HAProxy and rewrites that table
	$(CARGO) run --release -p meshvitals-bench -- peers $(ARGS)

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
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet -r $<
	touch $@

need-go:
	$(call need,$(CARGO) $(GO) $(CC))
