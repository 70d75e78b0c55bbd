# Everything runs from one checkout: `make demo`, `make test`, `make lint`, `make bench`, `make plugin`.
# A fresh machine needs Python 3.11, make, npm and apt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := .build
ARGS ?=

DISTRIBUTIONS := $(wildcard packages/*/pyproject.toml modules/*/pyproject.toml)
ENVIRONMENT := $(BUILD)/environment.stamp
SYSTEM := $(BUILD)/system.stamp
WEB := $(BUILD)/web/node_modules/tryton-sao/index.html
PLUGIN := $(BUILD)/plugin/MBankPluginV2.zip

.PHONY: demo test lint bench plugin clean

demo: $(ENVIRONMENT) $(WEB)
	$(BIN)/python -m demo $(ARGS)

test: lint $(SYSTEM) $(WEB)
	$(BIN)/python -m tests.run $(ARGS)

lint: $(ENVIRONMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check packages demo tests benchmarks
	$(BIN)/mypy packages/*/src demo
	PYTHONPATH=modules $(BIN)/lint-imports --no-cache

bench: $(ENVIRONMENT)
	$(BIN)/python -m benchmarks $(ARGS)

plugin: $(ENVIRONMENT)
	$(BIN)/python -m demo.plugin $(PLUGIN)

$(ENVIRONMENT): constraints.txt requirements-dev.txt $(DISTRIBUTIONS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip setuptools wheel
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --requirement requirements-dev.txt
	mkdir -p $(BUILD) && touch $@

# The browser of the tests and a font with Polish letters; softhsm2 holds the test tokens.
$(SYSTEM): $(ENVIRONMENT)
	sh tests/system-packages.sh chromium fonts-dejavu-core
	touch $@

$(WEB): web/package.json web/.npmrc
	mkdir -p $(BUILD)/web
	cp web/package.json web/.npmrc $(BUILD)/web/
	cd $(BUILD)/web && npm install --silent
	touch $@

clean:
	rm -rf $(BUILD)
