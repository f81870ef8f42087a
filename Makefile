# One word per task. Each makes its own virtual environment and installs the pinned versions first.
#   make demo    the whole job on pictures that whosthat draws itself; ENGINE=ray: on faces that a Ray cluster finds
#   make test    the tests (those on real photos run when ../shared is there)
#   make cover   the tests, and how much of the code they run; fails below what it was
#   make check   format, lint, types
#   make wheel   the package to install elsewhere, in dist/
#   make bench   the figures of docs/RESULTS.md
#   make messages  the texts that people read, collected and compiled into src/whosthat/locale
#   make docs    the pages and pictures that are generated (command help, API, pictures in English and Traditional Chinese)
#   make lock    pin the newest versions again
#   make lowest  the tests with the lowest versions that pyproject.toml allows

PYTHON ?= python3
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test cover check wheel bench messages docs lock lowest clean

demo: .venv/$(if $(ENGINE),dev,train).stamp
	$(BIN)/whosthat demo $(if $(ENGINE),--engine $(ENGINE))

test: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not cluster"
	$(BIN)/python -m pytest -m cluster

cover: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not cluster" --cov --cov-report= --cov-fail-under=0
	$(BIN)/python -m pytest -m cluster --cov --cov-append --cov-report=term:skip-covered

wheel: .venv/train.stamp
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

check: .venv/dev.stamp
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_docs.py

bench: .venv/dev.stamp
	$(BIN)/python -m benchmarks

CATALOGUE := src/whosthat/locale/zh_TW/LC_MESSAGES/whosthat

messages: .venv/dev.stamp
	PYTHONPATH=docs $(BIN)/pybabel -q extract -F babel.cfg --no-location -o .venv/whosthat.pot src/whosthat
	$(BIN)/pybabel -q update -N --ignore-obsolete --ignore-pot-creation-date --omit-header --no-wrap -l zh_TW -i .venv/whosthat.pot -o $(CATALOGUE).po
	$(BIN)/pybabel -q compile -f -l zh_TW -i $(CATALOGUE).po -o $(CATALOGUE).mo

docs: .venv/dev.stamp
	$(BIN)/python -m whosthat.cli.help_pages > docs/commands.md
	$(BIN)/python docs/make_api.py > docs/api.md
	$(BIN)/python docs/pictures/make_pictures.py

LOCK := $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate

lock: .venv/dev.stamp
	$(PIP) uv
	printf 'hatchling>=1.27\neditables\nsetuptools\nwheel\n' | $(LOCK) - -o requirements/build.txt
	$(LOCK) --extra train --extra dev pyproject.toml -o requirements/dev.txt
	$(LOCK) -c requirements/dev.txt --extra train pyproject.toml -o requirements/train.txt
	$(LOCK) -c requirements/dev.txt pyproject.toml -o requirements/base.txt
	$(LOCK) -c requirements/dev.txt --extra server pyproject.toml -o requirements/server.txt

lowest: .venv/dev.stamp
	$(PIP) uv
	$(BIN)/uv venv -q --clear --python $(BIN)/python .venv/lowest
	$(BIN)/uv pip compile -q --resolution lowest-direct --no-header --no-annotate --extra train --extra dev pyproject.toml -o .venv/lowest.txt
	$(BIN)/uv pip install -q --python .venv/lowest -r .venv/lowest.txt
	PYTHONPATH=$(CURDIR)/src .venv/lowest/$(notdir $(BIN))/python -m pytest -n 2 --dist worksteal

.venv/pyvenv.cfg:
	$(PYTHON) -m venv .venv

.venv/train.stamp: .venv/pyvenv.cfg requirements/train.txt requirements/build.txt pyproject.toml
	$(PIP) --require-hashes -r requirements/build.txt
	$(PIP) --require-hashes --no-build-isolation -r requirements/train.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/train.stamp requirements/dev.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

clean:
	rm -rf .venv dist runs demo .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
