# shellcheck shell=bash
# Which PostgreSQL is meant: PG_CONFIG if set, else the one that made the cluster in the state
# directory, else the newest installed of those we are written for. Sourced after lib.sh.

supported_majors=(18 17 16 15)

pg_installed() { [[ -x /usr/lib/postgresql/$1/bin/postgres ]]; }

# The major version to use; nothing if none is installed.
pg_major() {
  local version
  version=$(state_dir)/server/data/PG_VERSION
  if [[ -r $version ]]; then
    cat "$version"
    return
  fi
  for version in "${supported_majors[@]}"; do
    if pg_installed "$version"; then
      echo "$version"
      return
    fi
  done
}

pg_config_path() {
  if [[ -n ${PG_CONFIG-} ]]; then
    command -v "$PG_CONFIG" || die "PG_CONFIG names no program: $PG_CONFIG"
  else
    printf '/usr/lib/postgresql/%s/bin/pg_config\n' "$(pg_major)"
  fi
}

pg_bin() { "$(pg_config_path)" --bindir; }

# A client alone is enough where the server is elsewhere.
psql_path() { if [[ -n ${PG_CONFIG-} || -n $(pg_major) ]]; then echo "$(pg_bin)/psql"; else command -v psql; fi; }
