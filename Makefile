.PHONY: run build dashboard dashboard-api test test-million bench fmt clean

# Serves on http://127.0.0.1:8080 from ./data. The first start makes a demo project and prints its keys.
run: build
	target/release/hark serve --demo

build: dashboard
	@command -v cargo >/dev/null || { echo "Rust is missing: install it from https://rustup.rs"; exit 1; }
	cargo build --release --locked --bin hark

# The web app that the program serves at /. Without Node the one that was built before stays, if there is one.
dashboard:
	scripts/build-dashboard

# The types of the dashboard's client, from the API description of the program: after the API changed.
dashboard-api:
	cargo test --workspace --locked --no-run # brings target/debug/hark along
	cd dashboard && npm ci --no-audit --no-fund && npm run api

# Formatting, lints, licences, all tests. Installs what they need and is missing.
test:
	scripts/test

# The dashboard over a million sessions in Chromium, measured: about half an hour. ARGS has options (see e2e/million.js), HARK_BINARY names a program that is built.
test-million:
	[ -n "$$HARK_BINARY" ] || $(MAKE) build
	cd e2e && npm ci --no-audit --no-fund && HARK_BINARY="$${HARK_BINARY:-$(CURDIR)/target/release/hark}" node million.js $(ARGS)

# Measures Hark beside other servers: see bench/README.md.
bench:
	bench/run

fmt:
	cargo fmt --all

# Leaves ./data alone.
clean:
	cargo clean
	rm -rf e2e/node_modules dashboard/node_modules bench/.state
