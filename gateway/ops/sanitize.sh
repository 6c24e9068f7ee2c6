#!/usr/bin/env bash
# `make sanitize`: the gateway's tests in builds with ThreadSanitizer, then with AddressSanitizer and
# UndefinedBehaviorSanitizer, in directories of their own under build/. They take some ten minutes to
# build and are no part of `make check`. A finding fails the test that met it.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
cd "$root"
"$ops/deps.sh" check
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 ${TSAN_OPTIONS-}"
export UBSAN_OPTIONS="print_stacktrace=1 ${UBSAN_OPTIONS-}"
for sanitizers in thread address,undefined; do
  directory=build/sanitize-${sanitizers%%,*}
  step "Building with -fsanitize=$sanitizers"
  cmake -S . -B "$directory" -DCALYTICS_SANITIZE="$sanitizers" >/dev/null
  cmake --build "$directory" --parallel "$(nproc)" \
    --target calytics-gateway calytics-gateway-units calytics-gateway-tests
  step "Testing with -fsanitize=$sanitizers"
  ctest --test-dir "$directory/tests/gateway" --output-on-failure
done
