#!/bin/sh
# Runs a command with a throwaway PostgreSQL cluster of its own: initialised in a temporary directory,
# listening on a Unix socket there and on a free loopback port, removed at the end. The command finds
#   CALYTICS_TEST_DATABASE_URL  a superuser's URL over TCP
#   CALYTICS_TEST_CLUSTER       a script that runs pg_ctl on the cluster, to restart it in mid-test
# With CALYTICS_TEST_DATABASE_URL already set, that server is used and none is started.
# PostgreSQL refuses to run as root: then it runs as user postgres.
set -eu

[ $# -gt 0 ] || { echo "usage: $0 command [argument ...]" >&2; exit 64; }
[ -z "${CALYTICS_TEST_DATABASE_URL:-}" ] || exec "$@"

bin=$(pg_config --bindir 2>/dev/null || true)
if [ ! -x "$bin/initdb" ]; then
  for bin in /usr/lib/postgresql/*/bin; do :; done  # the newest
fi
[ -x "$bin/initdb" ] || { echo "$0: no initdb found" >&2; exit 69; }

if [ "$(id -u)" -eq 0 ]; then as_owner="runuser -u postgres --"; else as_owner=""; fi

# Short, for the path of a Unix socket is limited to 107 bytes.
directory=$(mktemp -d /tmp/calytics-gateway-test.XXXXXX)
[ -z "$as_owner" ] || chown postgres "$directory"

free_port() {
  perl -MIO::Socket::INET -e \
    'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

cat >"$directory/pg_ctl" <<END
#!/bin/sh
exec $as_owner "$bin/pg_ctl" -D "$directory/data" -l "$directory/log" -s "\$@"
END
chmod 755 "$directory" "$directory/pg_ctl"

stop() {
  "$directory/pg_ctl" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$directory"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

(cd "$directory" && $as_owner "$bin/initdb" -D "$directory/data" -U postgres --auth=trust \
  --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null)
port=$(free_port)
cat >>"$directory/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$directory'
fsync = off
deadlock_timeout = 100ms
max_connections = 40
END
"$directory/pg_ctl" -w start >/dev/null || { cat "$directory/log" >&2; exit 1; }

CALYTICS_TEST_DATABASE_URL="postgresql://postgres@127.0.0.1:$port/postgres" \
  CALYTICS_TEST_CLUSTER="$directory/pg_ctl" "$@"
