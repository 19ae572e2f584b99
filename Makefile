# SPDX-License-Identifier: Apache-2.0
# make run: a Bare Metal service on 127.0.0.1:6385.  make test: everything that must pass.
# make rehearse: live clusters swapped under load, again and again, as doc/upgrade.md has it.
# make soak: a minute of calls while the broker closes connections.
.PHONY: build run test soak rehearse fuzz clean

build:
	@tools/install-packages run
	@test -f build/build.ninja || meson setup build --buildtype=release -Dtests=false </dev/null >/dev/null
	@ninja -C build --quiet

run: build
	@tools/run

test:
	@tools/install-packages test
	@tools/check

soak:
	@tools/install-packages test
	@test -f build-gcc/build.ninja || meson setup build-gcc --werror </dev/null >/dev/null
	@ninja -C build-gcc --quiet
	@CASTIRON_BUILD=$(CURDIR)/build-gcc CASTIRON_SOAK_SECONDS=60 python3 tests/integration/run.py Steady.test_connections

rehearse:
	@tools/install-packages test
	@test -f build-gcc/build.ninja || meson setup build-gcc --werror </dev/null >/dev/null
	@ninja -C build-gcc --quiet
	@CASTIRON_BUILD=$(CURDIR)/build-gcc tests/integration/rolling/rehearse.py

fuzz:
	@tools/install-packages test
	@tools/check fuzz --fuzz-seconds 3600

clean:
	rm -rf build build-*
