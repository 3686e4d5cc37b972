# Commands of everyday work; CONTRIBUTING.md explains them.
PYTHON := $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BIN := $(if $(wildcard .venv/bin/python),.venv/bin/,)

.PHONY: help test fast lint format demo schema docs lock

help: ## list the commands
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 12

test: ## the whole suite
	$(PYTHON) -m pytest -n 2

fast: ## tests without those that take long, a cluster or a browser
	$(PYTHON) -m pytest -n 2 -m "not slow and not slurm and not browser"

lint: ## ruff, mypy, snakefmt and Snakemake's own checks
	$(BIN)ruff check .
	$(BIN)ruff format --check .
	$(BIN)mypy
	$(BIN)snakefmt --check Snakefile rules
	$(BIN)snakemake --lint

format: ## put code and rules in form
	$(BIN)ruff check --fix .
	$(BIN)ruff format .
	$(BIN)snakefmt Snakefile rules

demo: ## the demo study to results/report.html
	$(BIN)snakemake --cores all
	$(BIN)snakemake --report results/report.html

schema: ## resources/config.schema.json and docs/configuration.md from config.schema.yaml
	$(PYTHON) docs/write_schema.py
	$(PYTHON) docs/write_configuration.py

docs: ## the documentation as a site, in site/ (pip install -e '.[docs]')
	$(BIN)mkdocs build --quiet

lock: ## envs/lock.txt, one version of every package (pip install uv)
	$(BIN)uv pip compile -q pyproject.toml --universal --upgrade --no-annotate --no-header -o envs/lock.txt
