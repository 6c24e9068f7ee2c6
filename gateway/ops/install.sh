#!/usr/bin/env bash
# Builds the extension and installs it into PostgreSQL, with root's rights, unless the installed one
# is the same to the byte.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
cd "$root"

config=$(pg_config_path)
library=$("$config" --pkglibdir)
share=$("$config" --sharedir)/extension

installed() {
  local file
  cmp -s calytics.so "$library/calytics.so" || return
  for file in extension/calytics.control extension/calytics--*.sql; do
    cmp -s "$file" "$share/${file##*/}" || return
  done
}

"$ops/build.sh" extension
installed || {
  step "Installing the extension into $("$config" --version)"
  as_root make --silent PG_CONFIG="$config" install >/dev/null
}
