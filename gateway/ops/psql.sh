#!/usr/bin/env bash
# `make psql`: a SQL prompt on the database that `make run` uses, as its owner.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
. "$ops/state.sh"
load_env
psql_url "$DATABASE_URL" "$@"
