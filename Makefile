.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
MINUTES ?= 600

.PHONY: help setup run test test-all lint types bench demo-model moderation-model clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

setup: .venv/.installed ## make .venv and install the pinned dependencies

.venv/.installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --quiet --requirement requirements.lock
	$(BIN)/pip install --disable-pip-version-check --quiet --no-deps --editable .
	touch $@

run: setup ## start the bot (without DISCORD_TOKEN: a chat server on this machine, with a page in the browser)
	@$(BIN)/python run_bot.py

test: setup ## the tests that CI runs
	$(BIN)/pytest --numprocesses 2 --dist worksteal

test-all: setup ## every test, the slow ones too
	$(BIN)/pytest -m ''

lint: setup ## style, and the arrows between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup ## strict type checking
	$(BIN)/mypy

bench: setup ## every benchmark, as JSON
	@for module in $$(cd benchmarks && ls *.py | grep -v '^_' | sed 's/\.py$$//'); do $(BIN)/python -m benchmarks.$$module --json; done

moderation-model: setup ## train the prompt classifier on labelled prompts: make moderation-model DATA=folder
	$(BIN)/python -m moderation.training --data $(DATA)

demo-model: setup ## train the demo model from nothing and measure it: make demo-model MINUTES=600
	$(BIN)/python -m demo_model train --minutes $(MINUTES) --out data/demo_model
	$(BIN)/python -m demo_model report --model data/demo_model/model --detector data/demo_model/detector.safetensors \
		--sheet data/demo_model/sheet.jpg | tee data/demo_model/report.json

clean: ## remove what make made, never the data
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
