# make test       everything that must hold, in an environment of its own (.venv)
# make demo       develop a score from a simulated cohort, validate it at a second centre, pool published effects
# make bench      speed against the peers, in .venv-bench
# make test-slow  simulations and very large inputs
# make fuzz       what the hospital's interfaces read, by atheris (three minutes each)
# make lint       style, types and floors only
# make format     put the code into the agreed form
# make clean      remove what these targets made
#
# Another interpreter: make PYTHON=python3.12 test

PYTHON ?= python3
# tests at the same time: one a core, and at most 4, for each worker collects all of them
WORKERS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); \
  echo $$((cores > 4 ? 4 : cores)))
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
SOURCES := pyproject.toml setup.py $(wildcard src/cartwheel/stats/kernels/*.pyx)
CODE := src tests benchmarks examples setup.py
PIP_FLAGS := --quiet --disable-pip-version-check

.DEFAULT_GOAL := test
# of the hundreds of processes that tests start, none should compile the library again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: test test-slow fuzz style lint format demo bench clean python

# mypy and lint-imports run among the tests (tests/house), beside others
test: style
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-slow: $(VENV)/.dev
	@$(BIN)/python -m pytest -n $(WORKERS) -m slow

fuzz: $(VENV)/.dev
	@$(BIN)/python -m pip install $(PIP_FLAGS) atheris
	@$(BIN)/python tests/fuzz/hl7_target.py -max_total_time=180
	@$(BIN)/python tests/fuzz/fhir_target.py -max_total_time=180

style: $(VENV)/.dev
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)

lint: style
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

demo: $(VENV)/.report
	@$(BIN)/cartwheel demo
	@$(BIN)/cartwheel pool examples/pool/cart_effects.csv --title "Published effects in CAR-T therapy" \
	  --json cartwheel-demo/cart_effects_result.json --report cartwheel-demo/cart_effects_report.html
	@$(BIN)/cartwheel report cartwheel-demo/cart_effects_result.json -o cartwheel-demo/cart_effects_paper.html \
	  -o cartwheel-demo/cart_effects_paper.pdf -o cartwheel-demo/cart_effects_paper.docx

bench: $(BENCH)/.bench
	@$(BENCH)/bin/python benchmarks/run.py

clean:
	rm -rf $(VENV) $(BENCH) .venv-fhir-peer build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	  .import_linter_cache src/*.egg-info
	find src -name '*.so' -delete
	find src/cartwheel/stats/kernels -name '*.c' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than everything that decides what is installed and compiled.

$(VENV)/.dev: $(SOURCES) | python
	@echo "cartwheel: building and installing into $(VENV) (a minute or two, once)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install $(PIP_FLAGS) --editable '.[dev]'
	@touch $@ $(VENV)/.report

$(VENV)/.report: $(SOURCES) | python
	@echo "cartwheel: building and installing into $(VENV) (a minute or two, once)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install $(PIP_FLAGS) --editable '.[report]'
	@touch $@

# An environment of its own: lifelines wants an older pandas. --group needs pip 25.1.
$(BENCH)/.bench: $(SOURCES) | python
	@echo "cartwheel: building and installing into $(BENCH), with the peers" >&2
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install $(PIP_FLAGS) --upgrade pip || true
	@$(BENCH)/bin/python -m pip install $(PIP_FLAGS) --editable '.[report]' --group bench \
	  || { $(BENCH)/bin/python -m pip install $(PIP_FLAGS) --editable '.[report]' \
	  && $(BENCH)/bin/python -c 'import tomllib; \
	  print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["bench"], sep="\n")' \
	  > $(BENCH)/bench.txt && $(BENCH)/bin/python -m pip install $(PIP_FLAGS) -r $(BENCH)/bench.txt; }
	@touch $@

python:
	@command -v $(PYTHON) >/dev/null || { echo "cartwheel: there is no $(PYTHON) here; install \
	Python 3.11 or newer, or name one: make PYTHON=python3.12 test" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "cartwheel: Python \
	3.11 or newer is needed and $(PYTHON) is older; name another: make PYTHON=python3.12 test" >&2; \
	exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "cartwheel: $(PYTHON) cannot make \
	environments (Debian: apt install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -c 'import pathlib, sys, sysconfig; \
	sys.exit(not pathlib.Path(sysconfig.get_paths()["include"], "Python.h").exists())' \
	|| { echo "cartwheel: the headers of $(PYTHON) are missing (Debian: apt install python3-dev)" \
	>&2; exit 1; }
	@command -v $${CC:-cc} >/dev/null || command -v gcc >/dev/null || { echo "cartwheel: there is no \
	C compiler (Debian: apt install gcc)" >&2; exit 1; }
