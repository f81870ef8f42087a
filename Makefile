# One word per task. Each makes its own virtual environment and installs the pinned versions first.
#   make demo    the whole job on pictures that whosthat draws itself
#   make test    the tests (those on real photos run when ../shared is there)
#   make check   format, lint, types
#   make bench   the figures of docs/RESULTS.md
#   make docs    the pages that are generated (command help, pictures for students)
#   make lock    pin the newest versions again

PYTHON ?= python3
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check bench docs lock clean

demo: .venv/train.stamp
	$(BIN)/whosthat demo

test: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: .venv/dev.stamp
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_docs.py

bench: .venv/dev.stamp
	$(BIN)/python -m benchmarks

docs: .venv/dev.stamp
	$(BIN)/python -m whosthat.cli.help_pages > docs/commands.md
	$(BIN)/python docs/make_api.py > docs/api.md
	$(BIN)/python docs/pictures/make_pictures.py

lock: .venv/dev.stamp
	$(PIP) uv
	printf 'hatchling>=1.27\neditables\nsetuptools\nwheel\n' | $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate - -o requirements/build.txt
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --extra train pyproject.toml -o requirements/train.txt
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --extra train --extra dev -c requirements/train.txt pyproject.toml -o requirements/dev.txt

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
	rm -rf .venv runs demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
