#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target of a build made with -Dfuzz=true, each for some seconds:
#
#     tests/fuzz/run.sh BUILD SECONDS [KEEP]
#
# Starts from tests/fuzz/corpus/NAME, which is left alone; with KEEP as third word, new inputs
# are merged into it. A crash is left in BUILD/crashes/NAME-…, printed, and counted. The last
# line is "N passed, N failed".
set -u
build=$(cd "${1:?usage: run.sh BUILD SECONDS [KEEP]}" && pwd) || exit 2
seconds=${2:?usage: run.sh BUILD SECONDS [KEEP]}
keep=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
passed=0
failed=0
mkdir -p "$build/crashes"
for program in "$build"/tests/fuzz/fuzz_*; do
    if [ ! -f "$program" ] || [ ! -x "$program" ]; then continue; fi
    name=${program##*/fuzz_}
    found=$build/found/$name
    mkdir -p "$found" "$here/corpus/$name"
    log=$build/crashes/$name.log
    options="-max_total_time=$seconds -timeout=10 -rss_limit_mb=1024 -max_len=65536"
    [ -f "$here/$name.dict" ] && options="$options -dict=$here/$name.dict"
    # shellcheck disable=SC2086  # the options are words
    if "$program" $options -print_final_stats=1 -artifact_prefix="$build/crashes/$name-" \
        "$found" "$here/corpus/$name" >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, clean"
        if [ -n "$keep" ]; then
            "$program" -merge=1 "$here/corpus/$name" "$found" >>"$log" 2>&1 </dev/null
        fi
    else
        failed=$((failed + 1))
        echo "fuzz $name: FAILED, see $log"
        tail -40 "$log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
