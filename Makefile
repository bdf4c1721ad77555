# Needs the Rust toolchain that rust-toolchain.toml names, and POSIX tools.

CARGO = cargo
# The dev build is ready in a fraction of the release build's time, and the
# sample nights are over in seconds either way.
PROGRAM = $(or $(CARGO_TARGET_DIR),target)/debug/seatsweep

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## play three sample nights in the embedded sandbox; outputs go to out/
	$(CARGO) build --locked
	rm -rf out
	@sh samples/play.sh $(PROGRAM) out

test: ## run all tests
	$(CARGO) test --locked

check: ## format, lints and docs without a warning, then test and run
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --locked --no-deps
	$(MAKE) test
	$(MAKE) run

bench: ## measure how files are read, and how plans are made (beside other engines) and carried out
	$(CARGO) bench --locked

soak: ## kill the program at 200 random moments; SEED=N and MOMENTS=N choose others
	SEATSWEEP_SOAK_SEED=$(SEED) SEATSWEEP_SOAK_MOMENTS=$(MOMENTS) \
		$(CARGO) test --locked --test it kill::soak -- --ignored --nocapture

clean: ## remove build results and sample outputs
	$(CARGO) clean
	rm -rf out
