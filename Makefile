# Two commands do everything on a machine that has python3 (>= 3.11) and make:
#   make run     serve the showcase        make test    install what the tests need and run them all
# Both make their own virtual environment in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHOWCASE := examples/showcase
BIND ?= 127.0.0.1:8000

# Tests of real processes mostly wait, so more of them run at once than there may be processors.
AT_ONCE ?= --numprocesses 3 --dist worksteal

# Each test of a process starts several interpreters: without compiled files they would spend their time on compiling.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-all check lint django-tests cache-tests cache-flood soak-cache bench clean

run: .make-run
	@cd $(SHOWCASE) && ../../$(BIN)/python manage.py migrate --verbosity 0
	@cd $(SHOWCASE) && ../../$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@cd $(SHOWCASE) && ../../$(BIN)/python manage.py demo_user
	@cd $(SHOWCASE) && exec ../../$(BIN)/hx start --bind $(BIND)

test: .make-test lint
	$(BIN)/pytest $(AT_ONCE)
	cd $(SHOWCASE) && ../../$(BIN)/python manage.py test --verbosity 1

# The same with every parameter of the suites that run once more over HTTP/2 and HTTPS, more reloads, more chance, Salt.
test-all: export HENDRIX_TEST_ALL = 1
test-all: test

lint: .make-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Django's own tests against our handler: make django-tests [DJANGO=6.0.10] [DJANGO_PYTHON=python3.13]
DJANGO ?=
DJANGO_PYTHON ?= $(BIN)/python
django-tests: .make-test
	$(BIN)/python -m tests.parity $(if $(DJANGO),--django $(DJANGO)) --python $(DJANGO_PYTHON)

# The public tests of HTTP caches (npm: http-cache-tests) against ours; and 10,000,000 URLs thrown at its memory.
cache-tests: .make-test
	$(BIN)/python -m tests.conformance.http_cache

cache-flood: .make-test
	$(BIN)/python -m tests.cache.flood

# The same through the layer, for each kind of store. Takes the better part of an hour for each.
soak-cache: .make-test
	$(BIN)/python -m tests.cache.soak --count 10000000

bench:
	$(PYTHON) -m bench

clean:
	rm -rf $(VENV) .bench .cache-tests .django-tests .make-* build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@scripts/make-venv $(PYTHON) $(VENV)

.make-run: $(BIN)/python pyproject.toml
	@echo "Installing Hendrix into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[tasks]'
	@touch $@

.make-test: $(BIN)/python pyproject.toml
	@echo "Installing Hendrix and its development tools into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .make-run
