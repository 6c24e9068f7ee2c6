#!/usr/bin/env bash
# `make demo`: sends a studio's year, visits to its pages and signed webhooks, to the running gateway.
. "$(dirname "$0")/lib.sh"
. "$ops/state.sh"
load_env
"$ops/deps.sh" demo
exec node "$root/tests/demo/demo.mjs" "$@"
