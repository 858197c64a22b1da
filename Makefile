# Two commands: `make run` and `make test`. Each installs what it needs. `make help` lists the rest.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.PHONY: help run test check bench bench-compare bench-desk bench-matching advisories assets browser fonts queries packages samples erase \
  train train-evaluate train-without-unipen training-environment

PROGRAMS := target/debug
# libgomp reads this when Tesseract's library loads; unset it costs a factor of five.
export OMP_THREAD_LIMIT := 1
# Queries are checked against .sqlx; `make queries` renews it.
unexport DATABASE_URL

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 24

run: packages assets ## Start everything here with the sample scans (ONCE=1 stops after the summary)
	cargo build --workspace
	ENROL_RUN_ONCE=$(ONCE) $(PROGRAMS)/enrol run

test: ## Install what is missing, build, and run every test
	@.ci/test

check: packages ## Formatting, lints, documentation, licences and bans
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny --log-level error check licenses bans sources

advisories: ## Look up the dependencies in the advisory database
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	@cargo deny --log-level error check advisories || { \
	  echo "Either an advisory is listed above, or the advisory database cannot be reached from here:"; \
	  echo "then nothing has been checked. Run this where github.com can be reached."; exit 1; }

# People on the invented register of the matching; several with commas between show the growth.
PEOPLE ?= 100000

bench: packages ## Accuracy, core-seconds per page, memory, and the matching of people, into target/bench
	cargo build --workspace
	mkdir -p target/bench
	$(PROGRAMS)/enrol-reader bench sample-forms/scans --write target/bench/reading.json
	$(PROGRAMS)/enrol matching evaluate --people $(PEOPLE) --database --write target/bench/matching.json

bench-matching: packages ## Precision, recall and speed of matching people (PEOPLE=1000000), into target/bench
	cargo build -p enrol
	mkdir -p target/bench
	$(PROGRAMS)/enrol matching evaluate --people $(PEOPLE) --database --write target/bench/matching.json

bench-desk: packages assets ## Seconds from key to next field with 50 clerks and 100,000 open fields, into target/bench
	cargo build --workspace
	cargo test --workspace --test load -- $(ARGS)

assets: ## Build the styles and scripts of the web pages
	@cd src/web && if [ ! -f dist/enrol.css ] || [ package-lock.json -nt dist/enrol.css ] \
	  || [ -n "$$(find styles scripts build.mjs -newer dist/enrol.css -print -quit)" ]; then \
	    npm ci --no-audit --no-fund --loglevel=error && npm run --silent build; fi

browser: ## Install what drives a browser in tests
	@cd tests/browser && if [ ! -d node_modules/playwright-core ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then \
	    npm ci --no-audit --no-fund --loglevel=error; fi

fonts: ## Install the handwriting fonts of the sample generator
	@cd sample-forms/generator && if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then \
	    npm ci --no-audit --no-fund --loglevel=error; fi

queries: ## Check every SQL query against the migrations and renew .sqlx
	src/storage/prepare-queries.sh

packages: ## Install the Debian packages that are missing
	@.ci/install-packages

samples: packages fonts ## Make the sample scans and hostile files anew
	cargo build --workspace
	$(PROGRAMS)/enrol sample --out sample-forms

TRAINING := workers/reader/training
DATA ?= ../shared/training
MINUTES ?= 45
PART ?= development
SEED ?= 1

training-environment: fonts
	@cd $(TRAINING) && if [ ! -f .venv/ready ] || [ requirements.txt -nt .venv/ready ]; then \
	    python3 -m venv .venv && .venv/bin/pip install --quiet --requirement requirements.txt && touch .venv/ready; fi

train: training-environment ## Train the handwriting networks from pen strokes and fonts (DATA=folder of the data)
	$(TRAINING)/.venv/bin/python $(TRAINING)/retrain.py --data $(DATA) --minutes $(MINUTES) --seed $(SEED) $(MORE)

train-evaluate: training-environment ## Read writers the networks never saw (DATA=folder, PART=evaluation at the end)
	$(TRAINING)/.venv/bin/python $(TRAINING)/evaluate.py --data $(DATA) --part $(PART)

train-without-unipen: training-environment ## Train the networks from fonts alone (DATA=folder)
	$(TRAINING)/.venv/bin/python $(TRAINING)/retrain.py --data $(DATA) --minutes $(MINUTES) --seed $(SEED) --without-unipen

COMPARISON := target/bench/venv
# A folder of forms to compare on; unset: written with the pen strokes in DATA, else the committed sample scans.
FORMS ?=

bench-compare: packages fonts ## Enrol, Tesseract and RapidOCR on the same pages (DATA=folder, or FORMS=folder)
	cargo build --workspace
	@if [ ! -f $(COMPARISON)/ready ] || [ tests/comparison/requirements.txt -nt $(COMPARISON)/ready ]; then \
	    mkdir -p target/bench && python3 -m venv $(COMPARISON) \
	    && $(COMPARISON)/bin/pip install --quiet --requirement tests/comparison/requirements.txt && touch $(COMPARISON)/ready; fi
	@forms="$(FORMS)"; \
	if [ -z "$$forms" ] && [ -d "$(DATA)" ]; then forms=target/bench/forms; \
	    rm -rf $$forms && $(PROGRAMS)/enrol sample --pens $(DATA) --evaluation 60 --out $$forms || exit 1; fi; \
	$(COMPARISON)/bin/python tests/comparison/compare.py --forms "$${forms:-sample-forms/scans}" \
	    --programs $(PROGRAMS) --out target/bench

erase: ## Remove the local servers' data: scans, records, accounts, keys
	$(PROGRAMS)/enrol down --erase
