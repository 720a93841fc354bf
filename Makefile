# Runs without an activated environment: .venv is made on first use and its commands come first.
# A shell other than /bin/sh makes every make look commands up in the PATH exported here.
SHELL := bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)
unexport VIRTUAL_ENV

PYTHON ?= python3
MODEL ?=
ARGS ?=
JOBS ?= auto
LOGS ?= logs
VLLM_ENV ?= .venv-vllm
CONSTRAINTS ?= constraints.txt

RUN := logs/alpha-$(shell date -u +%Y%m%dT%H%M%SZ)
PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install $(if $(CONSTRAINTS),-c $(CONSTRAINTS))
# A request that waits behind others for ten minutes must not be cut off and asked again.
CLIENT := $(if $(filter vllm/% openai-api/%,$(MODEL)),-M client_timeout=3600)
# The protocol's context length and precision; only a server that Inspect starts itself can be told.
SERVER := $(if $(VLLM_BASE_URL),,$(if $(filter vllm/%,$(MODEL)),\
	-M dtype=bfloat16 -M max_model_len=2048 -M generation_config=vllm -M timeout=1800))

.DEFAULT_GOAL := help
.PHONY: help install alpha bench mutants constraints view test test-processes test-real test-vllm bench-vllm check format

help:  ## show what there is to run
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

install: .venv/.installed  ## make .venv and install the suite into it

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "bwalpha needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "making .venv"
	@$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml $(CONSTRAINTS) | .venv/bin/python
	@echo "installing the suite into .venv (minutes on a first run)"
	@$(INSTALL) -e . && touch $@

.venv/.installed-test: pyproject.toml $(CONSTRAINTS) | .venv/bin/python
	@echo "installing the suite with its test extras into .venv (minutes on a first run)"
	@$(INSTALL) -e '.[test]' && touch .venv/.installed $@

.venv/.installed-mutants: .venv/.installed-test
	@$(INSTALL) -e '.[mutants]' && touch $@

alpha: .venv/.installed  ## α of the four conditions, offline and SIMULATED; a small real target with MODEL=local; for real with MODEL=provider/name
ifeq ($(strip $(MODEL)),)
	@echo "SIMULATED target and judges, panel open52, rubric open: 4 conditions x 52 questions x 20 completions"
	@bwalpha run --log-dir $(RUN) \
		--model simulated/target \
		--model-role sonnet=simulated/judge --model-role opus=simulated/judge-lenient \
		-T panel=open52 -T rubric=open --no-log-realtime $(ARGS)
else ifeq ($(strip $(MODEL)),local)
	@echo "real target SmolLM2-135M-Instruct, SIMULATED judges, panel open52, rubric open: 4 conditions x 52 questions x"
	@echo "1 completion of at most 48 tokens (the protocol: 20 of 512). No number of it is a measurement of alignment."
	@if [ -t 1 ]; then display=rich; else display=plain; fi; \
	python -m simulation.local_model inspect eval tasks/alpha.py --log-dir $(RUN) --display $$display \
		--model openai-api/local/smollm2-135m-instruct -M client_timeout=3600 \
		--model-role sonnet=simulated/judge --model-role opus=simulated/judge-lenient \
		-T panel=open52 -T rubric=open --epochs 1 --max-tokens 48 --max-tasks 1 --max-samples 52 $(ARGS) \
	&& bwalpha report $(RUN)
else
	@bwalpha doctor --model $(MODEL) -- $(ARGS)
	@if [ -t 1 ]; then display=rich; else display=plain; fi; \
	inspect eval tasks/alpha.py --log-dir $(RUN) --display $$display \
		--model $(MODEL) $(CLIENT) $(SERVER) -T panel=bw52 -T rubric=eps --max-tasks 4 --max-samples 1040 $(ARGS) \
	&& bwalpha report $(RUN)
endif

view: .venv/.installed  ## read the transcripts in a browser (LOGS=folder for one run)
	@inspect view --log-dir $(LOGS)

test: check  ## install with test extras, then ruff, mypy and pytest
	@pytest -n $(JOBS)

test-processes: .venv/.installed-test  ## whole commands started, killed and gone on (minutes)
	@pytest -n $(JOBS) -m processes

test-real: .venv/.installed-test  ## fetch a small real model, serve it on this machine and test against it (no GPU, no key)
	@python -m simulation.local_model
	@pytest -m real tests/real

test-vllm:  ## make an environment with vLLM's CPU build, start real servers and test against them (no GPU needed)
	@PYTHON=$(PYTHON) tests/vllm/environment.sh $(VLLM_ENV)
	@$(VLLM_ENV)/bin/pytest -m vllm tests/vllm

bench-vllm:  ## time the suite against vLLM's own offline batch, on a tiny model (no GPU needed; BENCH="--json FILE")
	@PYTHON=$(PYTHON) tests/vllm/environment.sh $(VLLM_ENV)
	@$(VLLM_ENV)/bin/python -m benchmarks.vllm_ratio $(BENCH)

bench: .venv/.installed-test  ## measure what is claimed to be fast, as ratios (BENCH="cpu judges --full" picks)
	@python -m benchmarks.bench $(BENCH)

mutants: .venv/.installed-mutants  ## change the code at random places in a copy and count what the tests notice (hours; MUTANTS="--first 50")
	@python -m benchmarks.mutants $(MUTANTS)

constraints:  ## take the newest versions into constraints.txt (then run make test)
	@rm -rf .venv
	@$(MAKE) --no-print-directory CONSTRAINTS= .venv/.installed-test
	@{ grep '^#' constraints.txt; .venv/bin/python -m pip --disable-pip-version-check freeze --exclude-editable; } > .venv/versions \
		&& mv .venv/versions constraints.txt

check: .venv/.installed-test  ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

format: .venv/.installed-test  ## let ruff rewrite what it can
	ruff check --fix .
	ruff format .
