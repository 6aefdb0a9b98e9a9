# Two commands do everything: `make serve` and `make test`. Both set up what they need first.

PORT ?= 8000
HOST ?= 127.0.0.1
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet

.PHONY: serve test check build docs deploy lint types unit bench lock clean help

help:
	@echo "make serve [PORT=8000]  set up, build the graph, serve it at http://127.0.0.1:8000"
	@echo "make test               set up, run every check"
	@echo "make test-clients       ask with Comunica, YASGUI and Jena; judge pages with Lighthouse and vnu (Node.js 20, Java)"
	@echo "make test-lighthouse    score front page and a firm's with Lighthouse, speed included, on a quiet machine"
	@echo "make test-engines       publish to Oxigraph and Virtuoso, and answer from them"
	@echo "make web                check and build the scripts of the pages anew (needs Node.js 20)"
	@echo "make check              check the Turtle files and print the report"
	@echo "make shots              make pictures of every kind of page in var/shots"
	@echo "make docs               write the generated pages of docs/ anew"
	@echo "make deploy             check the files of deploy/ with the tools that this machine has"
	@echo "make bench [SIZE=100k]  measure side by side with other servers (100k, 1m, 10m triples)"
	@echo "make bench-attack       attack a server with everything at once and measure what others feel"
	@echo "make bench-pages        measure how long pages of entities take, cold and from memory"
	@echo "make lock               pin the dependencies anew"

serve: $(VENV)/run
	$(BIN)/kg build
	exec $(BIN)/kg serve --host $(HOST) --port $(PORT)

test: $(VENV)/dev chromium
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy
	$(BIN)/kg fmt --check
	$(BIN)/pytest -n 2 --dist loadfile

# What needs Node.js (with npm) and Java: Comunica, YASGUI, Apache Jena of Debian; Lighthouse, the Nu HTML Checker.
.PHONY: test-clients
test-clients: $(VENV)/dev chromium
	sh .ci/clients
	npm --prefix tests/clients ci --ignore-scripts --no-audit --no-fund --loglevel=error
	npm --prefix web ci --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/pytest tests/clients --ignore tests/clients/test_lighthouse.py

# Lighthouse's scores of speed, apart: they need a machine on which nothing else runs.
.PHONY: test-lighthouse
test-lighthouse: $(VENV)/dev chromium
	sh .ci/clients
	npm --prefix tests/clients ci --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/pytest tests/clients/test_lighthouse.py

# Other SPARQL servers: Oxigraph's of the development lock, and Debian's Virtuoso.
.PHONY: test-engines
test-engines: $(VENV)/dev
	sh .ci/virtuoso
	$(BIN)/pytest tests/engines
# The scripts of the pages are committed as built; a machine that serves needs no Node.js.
.PHONY: web
web:
	npm --prefix web ci --ignore-scripts --no-audit --no-fund --loglevel=error
	npm --prefix web run check
	npm --prefix web test
	npm --prefix web run build

check: $(VENV)/run
	$(BIN)/kg check

docs: $(VENV)/run
	$(BIN)/kg docs

# Pictures of every kind of page, to be looked at.
.PHONY: shots
shots: $(VENV)/dev chromium
	$(BIN)/kg build
	$(BIN)/python -m tests.browser.shots var/shots

deploy: $(VENV)/run
	sh .ci/deploy

# The peers have an environment of their own; wrk and Virtuoso come from the distribution (see docs/performance.md).
SIZE ?= 100k
ENGINES ?=
BENCH ?=

bench: $(VENV)/run bench/.venv/peers
	$(BIN)/python -m bench.run --size $(SIZE) $(if $(ENGINES),--engines $(ENGINES)) $(BENCH)

# Everything hostile at once against a server that is started for it, and what a bystander feels.
.PHONY: bench-attack
bench-attack: $(VENV)/run
	$(BIN)/kg build
	$(BIN)/python -m bench.attack

# How long the pages of entities take, each asked for the first time and again.
.PHONY: bench-pages
bench-pages: $(VENV)/run
	$(BIN)/kg build
	$(BIN)/python -m bench.pages $(BENCH)

bench/.venv/peers: bench/requirements.txt
	test -x bench/.venv/bin/python || $(PYTHON) -m venv bench/.venv
	bench/.venv/bin/pip --disable-pip-version-check install --quiet --require-hashes -r bench/requirements.txt
	touch $@

# A stamp says that the environment holds what the lock pins; a new lock makes it anew.
$(VENV)/run: requirements.lock pyproject.toml
	$(call python,requirements.lock)
	touch $@

$(VENV)/dev: requirements-dev.lock pyproject.toml
	$(call python,requirements-dev.lock)
	touch $@ $(VENV)/run

define python
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r $(1)
	$(PIP) --no-deps --no-build-isolation --editable .
endef

.PHONY: chromium
chromium: $(VENV)/dev
	sh .ci/chromium

lock: $(VENV)/dev
	$(PIP) pip-tools
	$(BIN)/pip-compile $(LOCK) --extra install --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra install --extra dev --output-file requirements-dev.lock pyproject.toml

LOCK := --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

clean:
	rm -rf $(VENV) bench/.venv var .mypy_cache .pytest_cache .ruff_cache .hypothesis
