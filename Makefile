PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: help train test check format bench wheel clean

help: ## show this
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

train: $(INSTALLED) ## the main job on the embedded digits: 200 rounds of WGAN-GP
	$(BIN)/ganlab train model=wgan_gp dataset=digits rounds=200

test: $(INSTALLED) ## every test
	$(BIN)/python -m pytest --numprocesses=2 --dist=worksteal

check: $(INSTALLED) ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(INSTALLED) ## mend format and lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED) ## speed against a plain loop and the bare mathematics, on MNIST
	$(BIN)/python scripts/bench_train.py

wheel: $(INSTALLED) ## build dist/ganlab-*.whl
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

clean: ## remove the virtual environment and what was built
	rm -rf .venv build dist *.egg-info

$(INSTALLED): pyproject.toml constraints.txt
	test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
