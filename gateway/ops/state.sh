# shellcheck shell=bash
# What `make run` keeps from one run to the next, in the state directory: ports, passwords, the
# webhook secret, the admin token. Sourced after lib.sh. Passwords in it are of hexadecimal digits.
#
#   kept        name=value lines, mode 600: the store
#   env         the same for people and programs to source, mode 600, written when all is healthy
#   lock        held while `make run` or `make stop` works
#   server/     the servers' own files (see cluster.sh, gateway.sh), owned by their user; a symbolic
#               link where that user may not enter the state directory

state=$(state_dir)
server=$state/server
# Its user can't follow the link from here, only the path that it leads to.
if [[ -L $server ]]; then server=$(readlink "$server"); fi
declare -A kept=()

load_kept() {
  local line
  [[ -r $state/kept ]] || return 0
  while IFS= read -r line; do kept[${line%%=*}]=${line#*=}; done <"$state/kept"
  # A PostgreSQL once named by PG_CONFIG stays the one that is meant.
  if [[ -z ${PG_CONFIG-} && -n ${kept[pg_config]-} ]]; then export PG_CONFIG=${kept[pg_config]}; fi
}

keep() { # name, value
  [[ ${kept[$1]-} != "$2" ]] || return 0
  kept[$1]=$2
  for name in "${!kept[@]}"; do printf '%s=%s\n' "$name" "${kept[$name]}"; done |
    sort | write_private "$state/kept"
}

lock_state() {
  exec 9>"$state/lock"
  flock --nonblock 9 || {
    say "Another make run or make stop is at work here; waiting for it"
    flock 9
  }
}

# A private cluster's URL is known by its password, whatever port it had when someone sourced `env`.
uses_own_cluster() {
  [[ -z ${DATABASE_URL-} || (${kept[owner_password]-} && $DATABASE_URL == *":${kept[owner_password]}@"*) ]] &&
    [[ -z ${kept[database_url]-} || ${DATABASE_URL-} ]]
}

own_database_url() { # role, password
  printf 'postgresql://%s:%s@127.0.0.1:%s/calytics\n' "$1" "$2" "$pg_port"
}

load_env() {
  [[ -r $state/env ]] || die "nothing runs from $state yet" "Start it with: make run"
  load_kept
  # shellcheck source=/dev/null
  . "$state/env"
}

# psql on a URL, whose password goes where no list of processes shows it.
psql_url() { # url, argument ...
  local url=$1 password
  shift
  if [[ $url =~ ^(postgres(ql)?://[^:/@]+):([^@/]*)@(.*)$ ]]; then
    url=${BASH_REMATCH[1]}@${BASH_REMATCH[4]}
    printf -v password '%b' "${BASH_REMATCH[3]//%/\\x}"
    export PGPASSWORD=$password
  fi
  "$(psql_path)" -X "$@" --dbname="$url"
}
