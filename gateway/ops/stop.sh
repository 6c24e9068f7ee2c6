#!/usr/bin/env bash
# `make stop`: stops what `make run` started here, and nothing else. The data stays.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
. "$ops/state.sh"

if [[ ! -d $server ]]; then
  say "Nothing runs from $state"
  exit
fi
[[ -O $state ]] || die "$state belongs to $(stat -c %U "$state"): run this as that user"
lock_state
load_kept
"$ops/gateway.sh" stop "$server"
if [[ -d $server/data ]]; then
  "$ops/cluster.sh" stop "$server"
  say "Stopped. The data stays in $server; make run starts it again."
else
  say "Stopped the gateway."
fi
