# The verbs of this repository.  Each sets up what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= auto

.PHONY: demo test check docs bench lock clean

# Hashes are checked on every install; a changed lock installs anew.
$(VENV)/.run: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.run
	$(BIN)/lockstep demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bot.gates.describe --check

docs: $(VENV)/.dev
	$(BIN)/python -m bot.gates.describe

# The peers of the benchmarks live apart: they pin libraries that Lockstep does not.
# Without them (no network, say) the benchmarks say who is missing and measure the rest.
PEERS := .venv-bench
$(PEERS)/.ready: requirements-bench.lock
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

bench: $(VENV)/.dev
	-@$(MAKE) --no-print-directory $(PEERS)/.ready
	$(BIN)/python -m benchmarks

# Pins without any index address; needs uv on the PATH.
COMPILE := uv pip compile --quiet --no-emit-index-url --no-emit-find-links --generate-hashes \
	--universal --python-version 3.11 --custom-compile-command "make lock"
lock:
	$(COMPILE) pyproject.toml --group build -o requirements.lock
	$(COMPILE) pyproject.toml --group build --group test --group lint --extra onnx --extra http \
	  -c requirements.lock -o requirements-dev.lock
	$(COMPILE) benchmarks/peers.txt -o requirements-bench.lock

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
