#!/usr/bin/env bash
# Runs end-to-end tests, the files given, two at a time; what they need from npm is installed where it isn't yet.
. "$(dirname "$0")/lib.sh"
cd "$root"
lock=tests/e2e/package-lock.json
if ! cmp -s "$lock" tests/e2e/node_modules/.installed-lock; then
  npm ci --prefix tests/e2e --no-audit --no-fund
  cp "$lock" tests/e2e/node_modules/.installed-lock
fi
# A test that waits for ever must not hold up the others.
exec node --test --test-concurrency=2 --test-timeout=600000 --test-reporter=spec "$@"
