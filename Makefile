# One virtual environment in .venv; every target makes what it needs.
PYTHON ?= python3
AS_OF ?= 2026-11-22
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test check docs test-faults test-cluster bench bench-clean bench-dedup clean

run: .venv/core ## the sample data through the whole chain
	$(BIN)/toolkit run sample_data/recipe.yaml --out build --as-of $(AS_OF)

test: .venv/test ## every test but the slow targets
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not faults and not cluster"

check: .venv/test ## lint, types, layers, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check
	$(BIN)/python sample_data/make_binary.py --check

docs: .venv/core ## write what is generated: schemas, docs/reference
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/quotes.py

test-faults: .venv/test ## kills, fills and corrupts for real
	$(BIN)/python -m pytest -m faults tests

test-cluster: .venv/cluster ## Dask, Spark and Ray on loopback, each with a worker killed; Spark needs Java 17
	$(BIN)/python -m pytest -m cluster tests/cluster tests/dropin

bench: .venv/test ## figures into benchmarks/results
	$(BIN)/python benchmarks/bench_chain.py
	$(BIN)/python benchmarks/bench_scale.py
	$(BIN)/python benchmarks/bench_engine.py

bench-clean: .venv/test .venv/peers ## cleaning beside data-juicer and datatrove; some ten minutes
	$(BIN)/python benchmarks/bench_clean.py --json benchmarks/results/clean-100k.json
	$(BIN)/python benchmarks/peers/clean.py
	$(BIN)/python benchmarks/peers/tables.py

bench-dedup: .venv/test .venv/peers ## deduplication beside six peers; some ten minutes
	$(BIN)/python benchmarks/bench_dedup.py
	$(BIN)/python benchmarks/peers/tables.py

.venv/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "toolkit needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(PIP) --upgrade pip
	touch $@

.venv/core: .venv/pip pyproject.toml
	$(PIP) -e .
	touch $@

.venv/test: .venv/pip pyproject.toml
	$(PIP) -e '.[all]' --group test --group check
	touch $@ .venv/core

.venv/cluster: .venv/test
	$(PIP) -e '.[all,dask,spark,ray]' --group cluster
	touch $@

.venv/peers: .venv/pip benchmarks/peers/requirements.txt # of their own: their pins are not ours
	$(PYTHON) -m venv .venv/peers
	.venv/peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers/requirements.txt
	touch $@

clean:
	rm -rf .venv build dist .hypothesis .mypy_cache .ruff_cache
