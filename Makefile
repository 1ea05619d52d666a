# Every target does the set-up that it needs; a second run reuses what the first one set up.

.PHONY: help setup demo release install share wheel test try browser check bench fuzz clean
.DEFAULT_GOAL := help

help:
	@echo "make setup   libtorch, and what else is missing"
	@echo "make demo    measure the registry on the CPU, rank it, and print NTIRE 2022's table as recomputed"
	@echo "make release esr-bench and esr-worker in target/release, for scoring a challenge"
	@echo "make install both programs, completions and manual pages, below PREFIX=/usr/local"
	@echo "make wheel   a Python wheel with both programs and the PyTorch worker, in target/wheel"
	@echo "make test    every test"
	@echo "make browser the page's tests in a real browser (part of make test)"
	@echo "make try     completions in bash, zsh and fish, and the manual pages"
	@echo "make check   formatting, lints, documentation, layout and dependencies"
	@echo "make bench   every benchmark"
	@echo "make fuzz    every reader on mutated files, SECONDS=60 for each"
	@echo "make clean   remove what set-up and builds made (results and submissions stay)"

setup:
	@command -v python3 >/dev/null || { echo "setup: python3 is missing: run 'apt-get install python3 python3-pip'"; exit 1; }
	@python3 scripts/setup.py

# The profile of the tests, so that nothing is built twice: the time that is measured is libtorch's.
demo: setup
	cargo build --workspace
	@scripts/demo.sh

release: setup
	cargo build --release --workspace

# esr-worker finds libtorch where it was at build time. DESTDIR is put before PREFIX, for packagers.
PREFIX := /usr/local
BUILT := target/release
SHARE := $(DESTDIR)$(PREFIX)/share
install: release share
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(BUILT)/esr-bench $(BUILT)/esr-worker

# Completions and manual pages, below SHARE, from the program in BUILT.
share:
	install -D -m 644 completions/esr-bench.bash $(SHARE)/bash-completion/completions/esr-bench
	install -D -m 644 completions/esr-bench.fish $(SHARE)/fish/vendor_completions.d/esr-bench.fish
	install -D -m 644 completions/_esr-bench $(SHARE)/zsh/site-functions/_esr-bench
	$(BUILT)/esr-bench man $(SHARE)/man/man1

wheel: release
	scripts/make_wheel.sh

# The exporter's tests want a Python with torch: ESR_BENCH_PYTHON, or the one on the PATH.
PYTHON_WITH_TORCH := $(or $(ESR_BENCH_PYTHON),python3)

# Every test that does not run appends a line to this file: its name, and what it lacks.
export ESR_BENCH_SKIPPED := $(CURDIR)/target/skipped.txt
PYTEST := PYTHONPATH=$(CURDIR)/scripts $(PYTHON_WITH_TORCH) -m pytest -p collect_skipped

test: setup
	@mkdir -p target && rm -f $(ESR_BENCH_SKIPPED)
	cargo test --workspace
	@if $(PYTHON_WITH_TORCH) -c 'import torch, pytest' 2>/dev/null; then \
	  cargo build --workspace && $(PYTEST) -q -W ignore --show-capture=stdout python/tests; \
	elif [ "$$CI" = true ]; then echo "the exporter's tests need a Python with torch and pytest"; exit 1; \
	else echo "python/tests: $(PYTHON_WITH_TORCH) has no torch and pytest" >> $(ESR_BENCH_SKIPPED); fi
	@$(MAKE) --no-print-directory browser
	@if [ -s $(ESR_BENCH_SKIPPED) ]; then \
	  echo; echo "skipped: $$(sort -u $(ESR_BENCH_SKIPPED) | wc -l)"; sort -u $(ESR_BENCH_SKIPPED) | sed 's/^/  /'; \
	else echo; echo "skipped: 0"; fi

# The page's tests want a browser: Chromium, and a Python with the driver. ESR_BENCH_BROWSER names that Python.
BROWSER_PYTHON := $(or $(ESR_BENCH_BROWSER),$(PYTHON_WITH_TORCH))

browser:
	@if $(BROWSER_PYTHON) -c 'import playwright, pytest' 2>/dev/null && command -v chromium >/dev/null; then \
	  PYTHONPATH=$(CURDIR)/scripts $(BROWSER_PYTHON) -m pytest -p collect_skipped -q tests/browser; \
	elif [ "$$CI" = true ]; then echo "the page's tests need Chromium and a Python with playwright and pytest"; exit 1; \
	else mkdir -p target && echo "tests/browser: there is no Chromium, or no Python with playwright and pytest" \
	  | tee -a $(ESR_BENCH_SKIPPED); fi

try: release
	scripts/try_shells.sh

check: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --quiet --workspace --no-deps
	@python3 -m unittest discover -q -s scripts -p 'test_*.py'
	@python3 scripts/check_layout.py
	@python3 scripts/check_dependencies.py

bench: setup
	cargo bench --workspace

SECONDS := 60
fuzz:
	scripts/fuzz.sh $(SECONDS)

clean:
	cargo clean
	rm -rf .libtorch .libtorch.download .libtorch.partial .libtorch.lock
