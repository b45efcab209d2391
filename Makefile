# `make run` starts faqbot, `make test` tests it; both set up what they need first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CHECKS ?= build/checks
DOCS ?= build/docs
# Twice the cores of a small machine: many tests wait for another process.
WORKERS ?= 4
SOAKS := serving soak.cluster soak.refusals soak.store_down soak.socket soak.hostile soak.unfinished soak.reloads soak.endurance

.DEFAULT_GOAL := help
.PHONY: help run test check lint generated docs site links deployment audit sbom workflows dist slack-cli bench constraints \
  format clean

help:
	@echo "make run          start faqbot: in Slack with tokens, else in a local workspace"
	@echo "make test         run all tests"
	@echo "make check        what CI checks: tests, lint, types, generated files, wheel, site"
	@echo "make docs         build the documentation's site and show it in the browser"
	@echo "make site         build it for every release, to build/site"
	@echo "make links        check its links to other sites"
	@echo "make audit        check the locked versions for known vulnerabilities"
	@echo "make deployment   check the files in deploy/"
	@echo "make workflows    check the files in .github/"
	@echo "make dist         build what is published into dist/, twice, and compare"
	@echo "make sbom         write the bill of materials to build/sbom.cdx.json"
	@echo "make slack-cli    install the hooks of the Slack CLI, for slack run"
	@echo "make bench        write benchmarks/results; DATA=DIR: with public data"
	@echo "make check-image  build the image without a registry, where buildah and debootstrap are"
	@echo "make fuzz         send hostile requests for some minutes, and fuzz the endpoint"
	@echo "make soak         faults and long loads, 40 minutes; ARGS=--quick: a few minutes"
	@echo "make format       format the code"
	@echo "make constraints  lock the newest versions of all packages in constraints.txt"
	@echo "make clean        remove the environment and all build output"

run: $(VENV)/.installed
	@echo "The command faqbot is $(BIN)/faqbot; after 'source $(BIN)/activate' it is faqbot alone."
	@$(BIN)/faqbot run

# With bytecode, also where it is switched off: the tests start faqbot some fifty times.
test: $(VENV)/.installed-dev
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: lint generated
	@$(MAKE) --no-print-directory $(DOCS)/.installed && $(DOCS)/bin/python tools/documentation.py
	@$(MAKE) --no-print-directory $(CHECKS)/.installed || echo "pipx and uv can't be fetched."
	@tools/smoke-wheel $(BIN)/python $(CHECKS)/bin
	@$(MAKE) --no-print-directory test

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

check-image:
	@tools/check-image

fuzz: $(VENV)/.installed-dev
	@$(BIN)/pytest tests/slack/test_fuzz.py tests/playground/test_fuzz.py --hypothesis-profile=fuzz $(ARGS)
	@tools/fuzz/run

# Files that are made from the code, and committed.
generated: $(VENV)/.installed-dev
	@$(BIN)/python -m tools.generate --check
	@$(BIN)/python -m tools.slack_types --check

docs: $(DOCS)/.installed
	@$(DOCS)/bin/python tools/documentation.py --serve

site: $(DOCS)/.installed
	@$(DOCS)/bin/python tools/documentation.py --every-version

links: $(DOCS)/.installed
	@$(DOCS)/bin/python tools/documentation.py --links

# What these need stands in the way of nothing else: it has an environment of its own.
deployment: $(CHECKS)/.installed
	@$(CHECKS)/bin/hadolint deploy/Dockerfile
	@for file in deploy/kubernetes*.yaml; do \
	  $(CHECKS)/bin/kubernetes-validate --strict --quiet $$file || exit 1; \
	done
	@if command -v systemd-analyze >/dev/null; then tools/check-unit deploy/faqbot.service; \
	  else echo "systemd is missing; deploy/faqbot.service was not checked"; fi

audit: $(CHECKS)/.installed
	@$(CHECKS)/bin/python tools/audit.py

sbom: $(CHECKS)/.installed
	@tools/sbom $(CHECKS)/bin/cyclonedx-py $(CHECKS)/bin/pip $(PYTHON)

workflows: $(CHECKS)/.installed
	@$(CHECKS)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows \
	  .github/workflows/*.yml docs/examples/github-action.yml
	@$(CHECKS)/bin/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(CHECKS)/bin/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms \
	  $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	@$(CHECKS)/bin/check-jsonschema --quiet --builtin-schema vendor.github-issue-config \
	  .github/ISSUE_TEMPLATE/config.yml
	@$(CHECKS)/bin/zizmor --offline --quiet --config .github/zizmor.yml .github docs/examples/github-action.yml
	@if command -v actionlint >/dev/null; then actionlint .github/workflows/*.yml; \
	  else echo "actionlint is missing; the workflows were checked without it"; fi

dist: $(VENV)/.installed-dev $(CHECKS)/.installed
	@tools/dist $(BIN)/python $(CHECKS)/bin/twine

slack-cli: $(VENV)/.installed-dev

bench: $(VENV)/.installed-dev
	@$(BIN)/pip install --quiet -c constraints.txt -r benchmarks/requirements.txt
	@$(BIN)/python -m benchmarks.questions
	@$(BIN)/python -m benchmarks.remembering
	@$(BIN)/python -m benchmarks.quality own
	@$(if $(DATA),$(BIN)/python -m benchmarks.quality intents --data $(DATA),:)
	@$(if $(DATA),$(BIN)/python -m benchmarks.folders --data $(DATA) $(if $(FOLDERS),--folders $(FOLDERS)),:)
	@$(if $(DATA),$(BIN)/python -m benchmarks.strangers --data $(DATA),:)
	@$(if $(DATA),$(BIN)/python -m benchmarks.linking --data $(DATA),:)
	@$(if $(DATA),$(BIN)/python -m benchmarks.importing --data $(DATA),:)
	@$(if $(DATA),$(BIN)/python -m benchmarks.reloading --data $(DATA),:)
	@$(BIN)/python -m benchmarks.latency $(if $(DATA),--data $(DATA))

# Faults and long loads on loopback; each says what must hold, and all run also when one doesn't.
soak: $(VENV)/.installed-dev
	@failed=; for name in $(SOAKS); do \
	  echo "$$name ..."; $(BIN)/python -m benchmarks.$$name $(ARGS) || failed="$$failed $$name"; \
	done; test -z "$$failed" || { echo "These don't hold:$$failed" >&2; exit 1; }

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .
	@$(BIN)/python -m tools.generate

constraints:
	@rm -rf build/constraints && $(PYTHON) -m venv build/constraints
	@build/constraints/bin/pip install -q --upgrade pip
	@build/constraints/bin/pip install -q --group dev --group docs
	@build/constraints/bin/pip freeze --all --exclude-editable | grep -v '^setuptools==' > constraints.txt
	@echo "constraints.txt is new; run make check before you commit it."

clean:
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov

$(VENV)/bin/pip: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "faqbot needs Python 3.11 or later; name one with make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python can't make environments here: apt-get install python3-venv" >&2; exit 2; }
	@test -x $@ || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check \
	  -c constraints.txt --upgrade pip
	@touch $@

# Without compiling modules ahead: most are never imported, and it takes half of the time.
$(VENV)/.installed: $(VENV)/bin/pip pyproject.toml constraints.txt hatch_build.py \
    faqbot/matching/minilm_kernel.c faqbot/matching/minilm_compiler.py
	@echo "Installing faqbot ..."
	@$(BIN)/pip install --quiet --no-compile -c constraints.txt -e '.[documents,mcp,postgres]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing the tools for its development ..."
	@$(BIN)/pip install --quiet -c constraints.txt -e '.[all]' --group dev
	@touch $@

$(CHECKS)/.installed: tools/requirements-checks.txt
	@$(PYTHON) -m venv $(CHECKS)
	@$(CHECKS)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(DOCS)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -m venv $(DOCS)
	@$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --upgrade pip
	@$(DOCS)/bin/pip install --quiet -c constraints.txt --group docs
	@touch $@
