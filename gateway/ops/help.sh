#!/usr/bin/env bash
# Lists the Makefile's targets: PGXS's own, and those that carry a `##` remark.
set -euo pipefail
cat <<'TEXT'
make                 build the extension (PGXS; honours PG_CONFIG)
make install         install it into that PostgreSQL
make installcheck    run its regression tests on a running server (PGHOST, PGPORT, PGUSER)
make clean           remove what was built; running servers and data stay

TEXT
sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' "$1" |
  while IFS=$'\t' read -r target remark; do printf 'make %-15s %s\n' "$target" "$remark"; done
