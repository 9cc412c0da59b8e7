# Everything a person does here begins with one of these targets; `make` alone lists them.

PYTHON     ?= python3
MART_CACHE ?= $(HOME)/.cache/mart

BIN  := .venv/bin
# A changed list of jars is another folder, so clones and branches share the cache without disturbing one another.
JARS := $(MART_CACHE)/jars/$(firstword $(shell cksum < conf/ivy.xml))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env packages jars-s3 demo test soak bench lint dictionary watch-pages screenshots lock clean

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

env: packages .venv/installed $(JARS)/spark $(JARS)/kafka .spark-conf/made ## Set up everything: system packages, .venv, jars, Spark's configuration
	@ln -sfn $(JARS) .jars

demo: env ## Run the whole platform on a seeded shop (or DATA=path FORMAT=online-retail|rees46|jsonl)
	$(BIN)/mart demo $(if $(DATA),--data $(DATA) --format $(FORMAT))

test: env ## Run the tests (some 21 minutes on 2 cores)
	@# Side by side, a file at a time: most of a test is one thread of Spark that plans, or waits for a process to start.
	$(BIN)/pytest -q -rs --numprocesses 3 --dist loadfile --no-loadscope-reorder

soak: jars-s3 ## Run the full matrix of faults, on a disk and in S3
	$(BIN)/pytest -q -rs -m soak --numprocesses 2 --dist loadgroup

bench: env ## Measure speed and memory into bench/results and docs/benchmarks.md
	$(BIN)/python -m bench

lint: env ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

dictionary: env ## Write docs/data-dictionary.md from the declarations
	$(BIN)/python -m mart.tables > docs/data-dictionary.md

watch-pages: env ## Write docs/metrics.md, both dashboards and the alarms' template from the declarations
	$(BIN)/python -m mart.watch

screenshots: env ## Make docs/screenshots of the dashboard anew, from the tests' lake; look at each
	$(BIN)/python -m tests.dashboard.screenshots

lock: ## Resolve setup.py anew into requirements.lock (needs uv: pip install uv)
	uv pip compile --universal --python-version 3.11 --upgrade --extra dev --generate-hashes \
	  --no-emit-index-url --no-annotate --custom-compile-command 'make lock' --output-file requirements.lock setup.py

jars-s3: env $(JARS)/s3 ## Fetch what Spark needs for a lake in S3 (630 MB); the tests of it are skipped without

clean: ## Remove what was made here; downloads stay in MART_CACHE
	rm -rf .venv .jars .spark-conf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis lib/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

packages:
	@conf/system-packages

.venv/installed: requirements.lock setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or newer is needed: make env PYTHON=/path/to/python3.11' >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@echo 'installing the Python packages' >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@# So that .venv/bin/spark-submit also works where .venv is not activated.
	@sed -i.orig 's|:-"python3"}|:-"$$(dirname "$$FIND_SPARK_HOME_PYTHON_SCRIPT")/python"}|' $(BIN)/find-spark-home
	@touch $@

$(JARS)/%: | .venv/installed
	@conf/fetch-jars $* $@

.spark-conf/made: conf/spark/*
	@mkdir -p $(@D)
	@for file in $(^F); do sed 's|@REPO@|$(CURDIR)|g' conf/spark/$$file > $(@D)/$$file || exit 1; done
	@touch $@
