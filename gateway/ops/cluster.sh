#!/usr/bin/env bash
# A private PostgreSQL cluster in a directory of its own, for `make run` and for tests:
#
#   cluster.sh start DIR PORT [setting=value ...]   makes it if new; does nothing if it runs
#   cluster.sh stop|restart DIR
#   cluster.sh running DIR                          prints its process id, or fails
#   cluster.sh port DIR                             prints the port it runs on, or fails
#   cluster.sh socket DIR PORT                      prints the directory of its Unix socket
#
# DIR gets data/, run/ and log/, owned by the servers' user. Its one role is the superuser `calytics`,
# for which the caller needs no password on the Unix socket; everyone else, and TCP, takes SCRAM.
# An interrupted initdb leaves nothing that the next start would take for a cluster.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"

# Prints the postmaster's process id if it is this cluster's and alive. The lock file alone proves
# nothing: after a crash its number may belong to another process.
running() {
  local pid
  pid=$(as_server head -n 1 "$1/data/postmaster.pid" 2>/dev/null) || return 1
  [[ $(as_server readlink "/proc/$pid/cwd") == $(as_server realpath "$1/data") ]] || return 1
  echo "$pid"
}

# A socket's path may have 107 bytes; a directory too deep for that gets a short one beside.
socket_dir() {
  local path=$1/run/.s.PGSQL.$2.lock
  if ((${#path} <= 107)); then
    echo "$1/run"
  else
    echo "/tmp/calytics-$(cksum <<<"$1" | cut -d' ' -f1)"
  fi
}

make_socket_dir() {
  as_server mkdir -p -m 700 "$1"
  [[ $(stat -c %U "$1") == "$(server_user)" ]] || die "$1 belongs to $(stat -c %U "$1"), not to us"
}

initialise() {
  local data=$1/data
  as_server test ! -e "$data/PG_VERSION" || return 0
  step "Making a PostgreSQL cluster in $data"
  as_server rm -rf "$data" "$data.new"
  as_server "$bin/initdb" --pgdata="$data.new" --username=calytics --data-checksums \
    --encoding=UTF8 --locale=C.UTF-8 --auth-local=peer --auth-host=reject >/dev/null
  as_server tee "$data.new/pg_hba.conf" >/dev/null <<'CONF'
local  all  calytics                peer map=owner
local  all  all                     scram-sha-256
host   all  all       127.0.0.1/32  scram-sha-256
host   all  all       ::1/128       scram-sha-256
CONF
  printf '%s\n' "owner $(server_user) calytics" "owner $(id -un) calytics" |
    as_server tee "$data.new/pg_ident.conf" >/dev/null
  as_server tee -a "$data.new/postgresql.conf" >/dev/null <<<"include 'calytics.conf'"
  as_server sync "$data.new"
  as_server mv "$data.new" "$data"
}

# Memory for a small machine that runs other things too; the rest is PostgreSQL's default.
# Parameters carry webhooks' bodies and secrets, so no log shows them.
configure() { # dir, port, setting=value ...
  local dir=$1 port=$2 setting
  shift 2
  {
    cat <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$(socket_dir "$dir" "$port")'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
shared_preload_libraries = 'calytics'
max_worker_processes = 16
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
random_page_cost = 1.1
max_wal_size = 2GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
CONF
    for setting in "$@"; do printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}"; done
  } | as_server tee "$dir/data/calytics.conf" >/dev/null
}

start_server() {
  local dir=$1
  detached "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/log/postgresql.log" --wait --timeout=120 \
    --silent start >/dev/null && return
  as_server tail -n 20 "$dir/log/postgresql.log" >&2
  die "PostgreSQL didn't start; its log, $dir/log/postgresql.log, ends as above"
}

stop_server() {
  ! running "$1" >/dev/null ||
    as_server "$bin/pg_ctl" --pgdata="$1/data" --mode=fast --wait --timeout=120 --silent stop
}

action=${1-}
dir=${2-}
[[ $dir == /* ]] || die "usage: cluster.sh start|stop|restart|running|port|socket DIR ..., DIR absolute"
if [[ -z ${PG_CONFIG-} ]] && version=$(as_server cat "$dir/data/PG_VERSION" 2>/dev/null); then
  pg_installed "$version" ||
    die "$dir/data was made by PostgreSQL $version, which is not installed" \
      "Install postgresql-$version, or move the data with pg_upgrade or pg_dump."
  bin=/usr/lib/postgresql/$version/bin
else
  bin=$(pg_bin)
fi

case $action in
  start)
    port=${3:?cluster.sh start DIR PORT}
    running "$dir" >/dev/null && exit
    as_server mkdir -p -m 700 "$dir/run" "$dir/log"
    make_socket_dir "$(socket_dir "$dir" "$port")"
    initialise "$dir"
    configure "$dir" "$port" "${@:4}"
    start_server "$dir" ;;
  stop) stop_server "$dir" ;;
  restart)
    stop_server "$dir"
    start_server "$dir" ;;
  running) running "$dir" ;;
  port) running "$dir" >/dev/null && as_server sed -n 4p "$dir/data/postmaster.pid" ;;
  socket) socket_dir "$dir" "${3:?cluster.sh socket DIR PORT}" ;;
  *) die "cluster.sh: no such action: $action" ;;
esac
