# The verbs of this repository.  Each sets up what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= auto

.PHONY: demo test faults test-s3 coverage check docs bench lock clean

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
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# Everything that can go wrong, at every call of every flow; `make test` runs a part of it.
faults: $(VENV)/.dev
	LOCKSTEP_FAULTS=all $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/faults

# s3 lives in an environment of its own: its server pins libraries that the rest does not want.
.venv-s3/.run: requirements-s3.lock
	$(PYTHON) -m venv .venv-s3
	.venv-s3/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-s3.lock
	@touch $@

test-s3: .venv-s3/.run
	.venv-s3/bin/python -m pytest tests/world/test_store_s3.py -p no:cacheprovider -o filterwarnings=default

coverage: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/core tests/gates tests/report tests/statistics \
	  --cov=bot.core --cov=bot.gates --cov=bot.report --cov=bot.statistics --cov-branch \
	  --cov-report=term:skip-covered --cov-fail-under=100

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bot.gates.describe --check

docs: $(VENV)/.dev
	$(BIN)/python -m bot.gates.describe
	$(BIN)/python -m bot.world.doctor_page

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

# Pins without any index address; needs uv on the PATH.  Extras stay in the pins: pip 23 does not
# see that `coverage==x` answers `coverage[toml]`, and takes the newest release, which has no hash.
COMPILE := uv pip compile --quiet --no-strip-extras --no-emit-index-url --no-emit-find-links --generate-hashes \
	--universal --python-version 3.11 --custom-compile-command "make lock"
lock:
	$(COMPILE) pyproject.toml --group build -o requirements.lock
	$(COMPILE) pyproject.toml --group build --group test --group lint --extra onnx --extra http --extra serve \
	  -c requirements.lock -o requirements-dev.lock
	for extra in http lightgbm onnx xgboost; do \
	  $(COMPILE) pyproject.toml --extra $$extra -c requirements.lock -o .github/actions/$$extra.lock || exit; done
	uv pip compile --quiet --no-strip-extras --no-emit-index-url --no-emit-find-links --generate-hashes \
	  --python-version 3.11 --custom-compile-command "make lock" requirements-s3.in -o requirements-s3.lock
	$(COMPILE) benchmarks/peers.txt -o requirements-bench.lock

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
