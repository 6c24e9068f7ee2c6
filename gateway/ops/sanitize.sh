#!/usr/bin/env bash
# `make sanitize`: the gateway in a build with ThreadSanitizer, then gateway and core in one with
# AddressSanitizer and UndefinedBehaviorSanitizer, in directories of their own under build/: their tests, and
# the end-to-end tests of what clients do to a gateway, against the latter. Building takes some
# twenty minutes; none of it is part of `make check`. A finding fails the test that met it; what a gateway
# that others started finds, leaks at its end too, is printed at the end. Not looked at: the extension
# inside of PostgreSQL, but for its core, and tests that count what operator new is asked for.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
cd "$root"
"$ops/deps.sh" check
reports=$root/build/sanitize-reports
rm -rf "$reports"
mkdir -p "$reports"
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 ${TSAN_OPTIONS-}"
export ASAN_OPTIONS="detect_stack_use_after_return=1 strict_string_checks=1 check_initialization_order=1 ${ASAN_OPTIONS-}"
export UBSAN_OPTIONS="print_stacktrace=1 ${UBSAN_OPTIONS-}"

tested() { # sanitizers, targets
  local directory=build/sanitize-${1%%,*}
  step "Building with -fsanitize=$1"
  cmake -S . -B "$directory" -DCALYTICS_SANITIZE="$1" >/dev/null
  cmake --build "$directory" --parallel "$(nproc)" --target "${@:2}"
  step "Testing with -fsanitize=$1"
  ctest --test-dir "$directory" --output-on-failure --timeout 900 --exclude-regex NOT_BUILT
}

gateway=(calytics-gateway calytics-gateway-units calytics-gateway-tests)
tested thread "${gateway[@]}"
tested address,undefined "${gateway[@]}" core_tests

step "Driving the gateway from end to end with -fsanitize=address,undefined"
"$ops/install.sh"
files=()
for name in access events health http lanes restart sync; do files+=("tests/e2e/$name.test.mjs"); done
status=0
ASAN_OPTIONS="$ASAN_OPTIONS log_path=$reports/report" UBSAN_OPTIONS="$UBSAN_OPTIONS log_path=$reports/report" \
  CALYTICS_TEST_GATEWAY=$root/build/sanitize-address/gateway/calytics-gateway "$ops/e2e.sh" "${files[@]}" || status=$?
for report in "$reports"/*; do
  [[ -e $report ]] || continue
  cat "$report"
  status=1
done
exit "$status"
