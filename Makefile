# Everything from a clone: `make demo`, `make test`, `make lint`, `make docs`.
# Needs Python 3.11 or newer, git and make; .venv is made once and kept until the dependencies change.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DEVELOPED := .venv/.developed
PIP := $(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format docs clean

help:
	@echo "make demo     train the method strict on Fashion-MNIST and report on it (runs/demo)"
	@echo "make test     run every test"
	@echo "make lint     check style and types"
	@echo "make format   put the code into the project's style"
	@echo "make docs     build the documentation into site/"
	@echo "make install  set up the environment of a developer (make demo needs less)"
	@echo "make clean    remove .venv, site/ and caches; runs stay"

install: $(DEVELOPED)

$(INSTALLED): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
		echo "error: no $(PYTHON) here. Install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: Python 3.11 or newer is needed, and $(PYTHON) is older. Name another one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "error: $(PYTHON) comes without venv. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(PIP) -e .
	@touch $@

$(DEVELOPED): $(INSTALLED)
	$(PIP) -e '.[dev]'
	@touch $@

# Where no source of Fashion-MNIST answers, the demo says so and takes the digits that scikit-learn ships.
demo: $(INSTALLED)
	@data=fashion-mnist; $(BIN)/differentia data fetch $$data || { \
		data=digits; echo "Fashion-MNIST cannot be had here, so the demo trains on digits."; }; \
	rm -rf runs/demo && \
	$(BIN)/differentia train $$data --method strict --epochs 12 --out runs/demo && \
	$(BIN)/differentia report runs/demo --quick

test: $(DEVELOPED)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

lint: $(DEVELOPED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(DEVELOPED)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(DEVELOPED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf .venv site .pytest_cache .mypy_cache .ruff_cache .hypothesis
