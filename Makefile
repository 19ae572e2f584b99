# SPDX-License-Identifier: Apache-2.0
# make run: a Bare Metal service on 127.0.0.1:6385.  make test: everything that must pass.
.PHONY: build run test fuzz clean

build:
	@tools/install-packages run
	@test -f build/build.ninja || meson setup build --buildtype=release -Dtests=false </dev/null >/dev/null
	@ninja -C build --quiet

run: build
	@tools/run

test:
	@tools/install-packages test
	@tools/check

fuzz:
	@tools/install-packages test
	@tools/check fuzz --fuzz-seconds 3600

clean:
	rm -rf build build-*
