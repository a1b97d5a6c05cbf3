.PHONY: run build test bench fmt clean

# Serves on http://127.0.0.1:8080 from ./data. The first start makes a demo project and prints its keys.
run: build
	target/release/hark serve --demo

build:
	@command -v cargo >/dev/null || { echo "Rust is missing: install it from https://rustup.rs"; exit 1; }
	cargo build --release --locked --bin hark

# Formatting, lints, licences, all tests. Installs what they need and is missing.
test:
	scripts/test

# Measures Hark beside other servers: see bench/README.md.
bench:
	bench/run

fmt:
	cargo fmt --all

# Leaves ./data alone.
clean:
	cargo clean
	rm -rf e2e/node_modules bench/.state
