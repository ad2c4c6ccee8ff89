# Each target sets up .venv when it is missing or older than its lock file.
# PYTHON=/path/to/python chooses the Python for it; ARGS=... is passed on.

BIN := .venv/bin
# Written last, so that a half-finished environment is not taken for a finished one.
READY := .venv/.ready
DEMO := runs/ad_click_data
IMAGE := ctr-pipeline:latest

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this help
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

.PHONY: setup
setup: $(READY) ## Set up .venv, which every other target does by itself

$(READY): setup.py scripts/setup.sh requirements/bootstrap.txt \
    $(wildcard requirements/*/lock.txt)
	@scripts/setup.sh

.PHONY: demo
demo: $(READY) | $(DEMO) ## Run the pipeline on simulated ad clicks
	$(BIN)/ctr run -c examples/ad_click/pipeline.yaml --data $(DEMO) $(ARGS)

$(DEMO): | $(READY)
	$(BIN)/ctr simulate --out $@ --rows 200000 --days 8 --seed 1

# A file's tests stay in one process, since they share what was trained for them.
PYTEST = $(BIN)/pytest -n auto --dist loadfile

.PHONY: test
test: $(READY) ## Run the tests, without the slow ones
	$(PYTEST) -m "not slow and not containers" $(ARGS)

.PHONY: test-all
test-all: $(READY) ## Run all tests, but those in containers
	$(PYTEST) -m "not containers" $(ARGS)

.PHONY: test-containers
test-containers: $(READY) ## Build the image, and run each task of a pipeline in it
	$(BIN)/pytest -m containers $(ARGS)

.PHONY: test-flink
test-flink: $(READY) ## Run the tests on Flink, with Java and Beam's job server
	@scripts/test_flink.sh $(ARGS)

NEWER := .cache/tfx-1.21
.PHONY: test-newer-stack
test-newer-stack: $(READY) ## Run the tests on the newer TFX stack, on any glibc
	@scripts/debian_13.sh .cache/debian-13
	@VENV=$(NEWER) PYTHON=$(CURDIR)/.cache/debian-13/bin/python3.11 scripts/setup.sh
	$(NEWER)/bin/pytest -n auto --dist loadfile \
	    -m "not slow and not containers" $(ARGS)
	OLDER_STACK=$(CURDIR)/$(BIN)/python $(NEWER)/bin/pytest tests/end_to_end/test_stacks.py

.PHONY: golden
golden: $(READY) ## Rewrite the texts in tests/golden, for a change of wording
	$(BIN)/pytest -q --update-golden $(ARGS)

.PHONY: image
image: ## Build the image for Kubeflow (IMAGE=NAME:TAG) by docker or podman
	@scripts/image.sh $(IMAGE) $(ARGS)

.PHONY: lint
lint: $(READY) ## Check style, types and the arrows between packages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# uv keeps the versions that are locked and still fit: ARGS=--upgrade renews them.
LOCK = $(BIN)/uv pip compile --quiet --system-certs $(ARGS)
.PHONY: lock
lock: $(READY) ## Resolve the lock files again
	$(LOCK) --universal --python-version 3.10 --generate-hashes \
	    --custom-compile-command "make lock" \
	    requirements/bootstrap.in --output-file requirements/bootstrap.txt
	$(LOCK) --project requirements/tfx-1.16 setup.py \
	    --output-file requirements/tfx-1.16/lock.txt
	$(LOCK) --project requirements/tfx-1.21 setup.py \
	    --output-file requirements/tfx-1.21/lock.txt

.PHONY: clean
clean: ## Remove .venv and caches, but not runs/
	rm -rf .venv .cache build dist *.egg-info .hypothesis .import_linter_cache .*_cache
	find . -path ./runs -prune -o -type d -name __pycache__ -exec rm -rf {} +
