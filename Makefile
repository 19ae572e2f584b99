# SPDX-License-Identifier: Apache-2.0
# make run: a Bare Metal service on 127.0.0.1:6385.  make test: everything that must pass.
# make rehearse: live clusters swapped under load, again and again, as doc/upgrade.md has it.
# make rehearse-kill: conductors are killed in every unstable state, with all kinds of peers.
# make soak: a minute of calls while the broker closes connections; each of two brokers goes away.
# make races: the whole integration run with every program of ours under ThreadSanitizer.
# make interop: the suites of real clients, as doc/interop.md has it.
.PHONY: build run test soak rehearse rehearse-kill races interop fuzz clean

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
	@CASTIRON_BUILD=$(CURDIR)/build-gcc CASTIRON_SOAK_SECONDS=60 python3 tests/integration/run.py Steady.test_connections test_two_brokers

rehearse:
	@tools/install-packages test
	@test -f build-gcc/build.ninja || meson setup build-gcc --werror </dev/null >/dev/null
	@ninja -C build-gcc --quiet
	@CASTIRON_BUILD=$(CURDIR)/build-gcc tests/integration/rolling/rehearse.py
	@CASTIRON_BUILD=$(CURDIR)/build-gcc CASTIRON_NEXT=1 python3 tests/integration/run.py test_later_schema

rehearse-kill:
	@tools/install-packages test
	@test -f build-gcc/build.ninja || meson setup build-gcc --werror </dev/null >/dev/null
	@ninja -C build-gcc --quiet
	@CASTIRON_BUILD=$(CURDIR)/build-gcc CASTIRON_KILL=all python3 tests/integration/run.py test_kill_matrix

races:
	@tools/install-packages test
	@tools/check races --all-races

interop:
	@tools/install-packages interop
	@test -f build-gcc/build.ninja || meson setup build-gcc --werror </dev/null >/dev/null
	@ninja -C build-gcc --quiet
	@CASTIRON_BUILD=$(CURDIR)/build-gcc python3 tests/integration/interop/clients.py $(INTEROP)

fuzz:
	@tools/install-packages test
	@tools/check fuzz --fuzz-seconds 3600

clean:
	rm -rf build build-*
