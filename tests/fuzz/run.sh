#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target of a build made with -Dfuzz=true, each for some seconds:
#
#     tests/fuzz/run.sh BUILD SECONDS [KEEP]
#
# As many run at once as there are processors. Each starts from tests/fuzz/corpus/NAME, which is
# left alone; with KEEP as third word, new inputs are merged into it. A crash is left in
# BUILD/crashes/NAME-… and printed. The last line is "N passed, N failed".
set -u
here=$(cd "$(dirname "$0")" && pwd)

# One target; its verdict goes to BUILD/crashes/NAME.passed or NAME.failed.
one() {
    program=$1 name=${1##*/fuzz_} crashes=$build/crashes
    log=$crashes/$name.log
    mkdir -p "$build/found/$name" "$here/corpus/$name"
    options="-max_total_time=$seconds -timeout=10 -rss_limit_mb=1024 -max_len=65536"
    [ -f "$here/$name.dict" ] && options="$options -dict=$here/$name.dict"
    # shellcheck disable=SC2086  # the options are words
    if "$program" $options -print_final_stats=1 -artifact_prefix="$crashes/$name-" \
        "$build/found/$name" "$here/corpus/$name" >"$log" 2>&1 </dev/null; then
        : >"$crashes/$name.passed"
        echo "fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, clean"
        [ -z "$keep" ] || "$program" -merge=1 "$here/corpus/$name" "$build/found/$name" \
            >>"$log" 2>&1 </dev/null
    else
        : >"$crashes/$name.failed"
        echo "fuzz $name: FAILED, see $log"
        tail -40 "$log"
    fi
}

if [ "${1:-}" = --one ]; then
    build=$2 seconds=$3 keep=${4#keep=}
    one "$5"
    exit 0
fi
build=$(cd "${1:?usage: run.sh BUILD SECONDS [KEEP]}" && pwd) || exit 2
seconds=${2:?usage: run.sh BUILD SECONDS [KEEP]}
keep=${3:-}
mkdir -p "$build/crashes"
rm -f "$build"/crashes/*.passed "$build"/crashes/*.failed
find "$build/tests/fuzz" -maxdepth 1 -type f -name 'fuzz_*' -perm -u+x -print0 | sort -z |
    xargs -0 -r -n 1 -P "$(nproc)" "$0" --one "$build" "$seconds" "keep=$keep"
passed=$(find "$build/crashes" -name '*.passed' | wc -l)
failed=$(find "$build/crashes" -name '*.failed' | wc -l)
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
