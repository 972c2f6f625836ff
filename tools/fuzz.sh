#!/bin/sh
# fuzz.sh BUILD SECONDS TARGET: one target for so long; ends with 1 when it found something.

set -u
build=$1 seconds=$2 target=$3
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
work=$build/corpus/$target
crashes=$build/crashes/$target
mkdir -p "$work" "$crashes"

log=$build/$target.log
"$build/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
    -artifact_prefix="$crashes/" -print_final_stats=1 "$work" "$root/fuzz/corpus/$target" >"$log" 2>&1 || {
    printf '%s: FOUND something (%s, %s):\n' "$target" "$log" "$crashes"
    tail -n 40 "$log"
    exit 1
}
printf '%s: %s executions, coverage %s\n' "$target" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)"
