#!/bin/sh
# Everything that judges the source without running it; called by ./dev lint. Goes through all
# checks, then says which of them failed.

set -u
cd "$(dirname "$0")/.." || exit 1

failed=
jobs=$(nproc)

check() {
    name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed="$failed $name"
}

files() {
    find include engine net server predictors examples tests fuzz bench -name "$1" 2>/dev/null | sort
}

layout() {
    files '*.[ch]' | xargs -r clang-format --dry-run -Werror
}

# The second compiler; its build also tells clang-tidy how each file is compiled.
clang_build() {
    [ -f build-clang/build.ninja ] || CC=clang meson setup build-clang -Dtests="$(has_cmocka)" || return 1
    ninja -C build-clang
}

gcc_build() {
    [ -f build/build.ninja ] || meson setup build -Dtests="$(has_cmocka)" || return 1
    ninja -C build
}

has_cmocka() {
    if pkg-config --exists cmocka; then echo true; else echo false; fi
}

bug_patterns() {
    find engine -name '*.c' ! -name '*_test.c' | sort |
        xargs -r -n 1 -P "$jobs" clang-tidy --quiet -p build-clang 2>build-clang/tidy.log ||
        { grep -v 'warnings\? generated' build-clang/tidy.log; return 1; }
}

second_opinion() {
    sources=$(find engine net server predictors -name '*.c' ! -name '*_test.c' 2>/dev/null)
    [ -n "$sources" ] || return 0
    # shellcheck disable=SC2086  # one word per file
    cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
        --suppress=missingIncludeSystem -j "$jobs" -I include -I . -I server \
        $sources 2>build-clang/cppcheck.log && return 0
    cat build-clang/cppcheck.log
    return 1
}

shell_syntax() {
    sh -n dev && sh -n tools/lint.sh && bash -n .ci/run
}

check layout layout
check gcc gcc_build
check clang clang_build
# Files that do not build would only be reported a second time.
case $failed in *clang*) ;; *) check clang-tidy bug_patterns ;; esac
check cppcheck second_opinion
for rule in layers sizes docs headers symbols manual commits; do
    check "$rule" /usr/bin/python3 "tools/$rule.py"
done
check shell shell_syntax

if [ -n "$failed" ]; then
    printf 'lint: failed:%s\n' "$failed"
    exit 1
fi
echo 'lint: nothing to say'
