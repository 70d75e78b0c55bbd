# Everything runs from one checkout: `make demo`, `make quick`, `make test`, `make proof`, `make lint`, `make bench`,
# `make plugin`.
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
VENDOR_KEY ?= $(BUILD)/plugin/vendor-key.pem

.PHONY: demo quick test proof lint bench plugin signer clean

demo: $(ENVIRONMENT) $(WEB)
	$(BIN)/python -m demo $(ARGS)

# While working: pure code, and the module tests of what changed.
quick: lint
	$(BIN)/python -m tests.quick $(ARGS)

test: lint $(SYSTEM) $(WEB)
	$(BIN)/python -m tests.run $(ARGS)

# All that `make test` runs, and the same rules at every point there is; docs/proof.md has the results.
proof: lint $(SYSTEM) $(WEB)
	$(BIN)/python -m tests.run --proof $(ARGS)

lint: $(ENVIRONMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check packages demo tests benchmarks conftest.py
	$(BIN)/mypy packages/*/src demo
	PYTHONPATH=modules $(BIN)/lint-imports --no-cache

bench: $(ENVIRONMENT) $(SYSTEM)
	$(BIN)/python -m benchmarks $(ARGS)

# VENDOR_KEY is the private key that signs the archive; without one a key for trying out is made.
plugin: $(ENVIRONMENT)
	mkdir -p $(dir $(PLUGIN)) $(dir $(VENDOR_KEY))
	test -f $(VENDOR_KEY) || $(BIN)/tryton-plugins keygen --key $(VENDOR_KEY) --public $(VENDOR_KEY:.pem=.public.pem)
	$(BIN)/tryton-plugins build --name MBankPluginV2 --module modules/mbank \
	  --package packages/companynet --package packages/sealing \
	  --requires-module automatic_settlement=AutomaticSettlements --key $(VENDOR_KEY) --output $(PLUGIN)

$(ENVIRONMENT): constraints.txt requirements-dev.txt $(DISTRIBUTIONS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip setuptools wheel
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --requirement requirements-dev.txt
	mkdir -p $(BUILD) && touch $@

# The signer for workstations as one folder, .build/signer/companynet-signer; tried with a token and a screen.
signer: $(ENVIRONMENT) $(SYSTEM)
	$(BIN)/python packages/companynet_signer/packaging/build.py $(BUILD)/signer
	$(BIN)/python packages/companynet_signer/packaging/try_folder.py $(BUILD)/signer/companynet-signer

# The browser of the tests and a font with Polish letters; SoftHSM for test tokens, a C compiler for their proxy;
# a screen for the signer's window, pictures and keys on it; what registers and checks links on a desktop; Tk, where
# Python is Debian's own.
$(SYSTEM): $(ENVIRONMENT)
	sh tests/system-packages.sh chromium fonts-dejavu-core softhsm2 gcc libc6-dev xvfb scrot xdotool xdg-utils \
	  desktop-file-utils python3-tk
	touch $@

$(WEB): web/package.json web/.npmrc
	mkdir -p $(BUILD)/web
	cp web/package.json web/.npmrc $(BUILD)/web/
	cd $(BUILD)/web && npm install --silent
	touch $@

clean:
	rm -rf $(BUILD)
