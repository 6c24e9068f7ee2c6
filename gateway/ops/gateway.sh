#!/usr/bin/env bash
# The gateway as a daemon of the servers' user, run from a copy of its own in DIR/bin, so that a new
# build disturbs nothing that runs:
#
#   gateway.sh start DIR     settings as the gateway reads them, in CALYTICS_*; restarts it if the
#                            program or a setting changed, else leaves it alone
#   gateway.sh stop DIR
#   gateway.sh running DIR   prints its process id, or fails
. "$(dirname "$0")/lib.sh"

program=$root/build/gateway/calytics-gateway

running() {
  local pid exe
  pid=$(as_server cat "$1/run/gateway.pid" 2>/dev/null) || return 1
  exe=$(as_server readlink "/proc/$pid/exe") || return 1
  [[ ${exe% (deleted)} == "$(as_server realpath "$1")/bin/calytics-gateway" ]] || return 1
  echo "$pid"
}

stop() {
  local pid
  pid=$(running "$1") || return 0
  as_server kill -TERM "$pid"
  # It finishes what it has accepted, and gives up on that by itself.
  for ((i = 0; i < 600; i++)); do
    running "$1" >/dev/null || return 0
    sleep 0.1
  done
  say "The gateway (process $pid) didn't stop in a minute: ending it"
  as_server kill -KILL "$pid"
}

fingerprint() {
  {
    cat "$program"
    printf '%s\n' "$host" "$port"
    env | grep -E '^(CALYTICS|ANALYTICS)_' | grep -Ev '^CALYTICS_(ADMIN_TOKEN|URL|SEED|BENCH_\w*)=' | LC_ALL=C sort
  } | sha256sum | cut -d' ' -f1
}

start() {
  local dir=$1 host=${CALYTICS_HOST:-127.0.0.1} port=${CALYTICS_PORT:-8080} wanted pid
  wanted=$(fingerprint)
  if running "$dir" >/dev/null; then
    [[ $(as_server cat "$dir/run/gateway.fingerprint" 2>/dev/null) != "$wanted" ]] || return 0
    step "The gateway or a setting of it changed: restarting it"
    stop "$dir"
  fi
  ! port_taken "$port" ||
    die "port $port is taken by another program" "Choose another one: CALYTICS_PORT=8081 make run"

  step "Starting the gateway on port $port"
  as_server mkdir -p -m 700 "$dir/run" "$dir/log" "$dir/bin"
  as_server sh -c 'cat >"$1.new" && chmod 755 "$1.new" && mv -f "$1.new" "$1"' sh \
    "$dir/bin/calytics-gateway" <"$program"
  as_server tee "$dir/run/gateway.fingerprint" >/dev/null <<<"$wanted"
  (
    unset DATABASE_URL CAL_WEBHOOK_SECRET CAL_API_KEY CALYTICS_ADMIN_TOKEN BETTER_AUTH_SECRET
    export CALYTICS_PORT=$port
    detached --fork sh -c 'echo $$ >"$1/run/gateway.pid"
      exec "$1/bin/calytics-gateway" >>"$1/log/gateway.log" 2>&1' sh "$dir"
  )

  [[ $host != 0.0.0.0 && $host != :: ]] || host=127.0.0.1
  for ((i = 0; i < 300; i++)); do
    sleep 0.1
    [[ $(http_status "$host" "$port" /api/cal/health) != 200 ]] || return 0
    ((i < 10)) || running "$dir" >/dev/null || break
  done
  as_server tail -n 20 "$dir/log/gateway.log" >&2
  die "the gateway is not healthy; its log, $dir/log/gateway.log, ends as above"
}

[[ ${2-} == /* ]] || die "usage: gateway.sh start|stop|running DIR, DIR absolute"
case $1 in
  start) start "$2" ;;
  stop) stop "$2" ;;
  running) running "$2" ;;
  *) die "gateway.sh: no such action: $1" ;;
esac
