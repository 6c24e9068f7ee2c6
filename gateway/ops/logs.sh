#!/usr/bin/env bash
# `make logs`: the last lines of the gateway's and the database's logs, and what comes.
. "$(dirname "$0")/lib.sh"
. "$ops/state.sh"
load_env
exec tail -n 50 -F "$server"/log/*.log
