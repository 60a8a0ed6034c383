# Two commands: `make demo` shows the site, `make test` proves it.
.PHONY: demo test fmt bench

demo:
	cargo run --release -p fascicolo-sandbox

test:
	@tools/test/run.sh

fmt:
	cargo fmt --all

bench:
	@tools/bench/run.sh
