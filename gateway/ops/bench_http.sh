# shellcheck shell=bash
# The part `http` of `make bench`: the gateway beside two servers of Node.js that do the same job
# (tests/bench/peers), on the same PostgreSQL server, each with a database of its own, seen by wrk over
# loopback. One process each, as somebody would start them. They take short turns, and of the figures of
# all turns the median counts: a machine that is faster now than a moment later is so for all three.
# Sourced by bench.sh.

peers=$sql/peers
contestants=(calytics node_pg trpc_prisma)
declare -A address=() offset=() process=() seen=()

install_peers() {
  local lock=$peers/package-lock.json done=$peers/node_modules/.installed-lock
  node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' ||
    die "the part http needs Node.js 20.19 or newer, for Prisma; this is $(node --version)" \
      "Without it: CALYTICS_BENCH_PARTS='ingest read held fold' make bench"
  if ! cmp -s "$lock" "$done"; then
    step "Installing what the peers need from npm"
    npm ci --prefix "$peers" --no-audit --no-fund --loglevel=error
    cp "$lock" "$done"
  fi
  # The engine that Prisma would fetch migrates databases; making a client needs none.
  (cd "$peers" && PRISMA_SCHEMA_ENGINE_BINARY=/bin/true node_modules/.bin/prisma generate --schema=schema.prisma >"$work/prisma" 2>&1) ||
    die "prisma generate failed:" "$(tail -n 5 "$work/prisma")"
}

start_peer() { # contestant, command ...
  local name=$1 port i
  shift
  port=$(free_port)
  address[$name]=http://127.0.0.1:$port
  (export PORT=$port CALYTICS_PORT=$port PGDATABASE=$name WEBHOOK_SECRET=$secret
    CALYTICS_GATEWAY_DATABASE_URL="postgresql:///$name?host=$PGHOST&port=$PGPORT&user=$PGUSER"
    export CALYTICS_GATEWAY_DATABASE_URL
    exec "$@") >"$work/$name.log" 2>&1 &
  process[$name]=$!
  running+=("$!")
  for ((i = 0; i < 100; i++)); do
    ! port_taken "$port" || return 0
    kill -0 "${process[$name]}" 2>/dev/null || break
    sleep 0.1
  done
  die "$name does not listen:" "$(tail -n 5 "$work/$name.log")"
}

# Runs wrk for so long; leaves "answers seconds p50 p99 failures next" in $seen[NAME], a line a turn.
hit() { # name, seconds, connections, url, argument of http.lua ...
  local name=$1 length=$2 connections=$3 url=$4 out failures
  shift 4
  out=$(wrk --threads=1 --connections="$connections" --duration="${length}s" --timeout=1800s \
    --script="$sql/http.lua" "$url" -- "$@" 2>"$work/wrk.err" | tail -n 1) || die "wrk failed:" "$(tail -n 3 "$work/wrk.err")"
  read -r _ _ _ _ failures _ <<<"$out"
  [[ $failures == 0 ]] || die "$name: $failures requests of '$*' were not answered 200" "$out"
  seen[$name]=$out
}
# The median of all turns.
answered() { # name, rate or p50 or p99
  awk -v k="$2" '{ print k == "rate" ? $1 / $2 : k == "p50" ? $3 : $4 }' <<<"${seen[$1]}" | sort -g |
    awk '{ turn[NR] = $1 } END { print (turn[int((NR + 1) / 2)] + turn[int(NR / 2) + 1]) / 2 }'
}

webhooks_sent() { # contestant, seconds, connections
  hit "$1 webhook $3" "$2" "$3" "${address[$1]}" webhook "$work/requests" "${offset[$1]:-0}"
  offset[$1]=${seen[$1 webhook $3]##* }
}
events_sent() { # contestant, seconds, connections
  local path=/api/cal/track
  [[ $1 != trpc_prisma ]] || path=/api/trpc/calAnalytics.trackEvent
  hit "$1 event $3" "$2" "$3" "${address[$1]}" event "$path" "s$RANDOM$RANDOM"
}
# Until the database has no more to do for it: what wrk no longer waits for is worked on all the same.
settle() { # contestant
  until [[ $(query postgres -c "select count(*) from pg_stat_activity
    where datname = '$1' and state = 'active' and backend_type = 'client backend'") == 0 ]]; do sleep 0.2; done
}
# A first time for nothing, and then, where that took long, for longer: some take minutes to answer.
dashboards_read() { # contestant, seconds, connections
  local began length path='/api/trpc/calAnalytics.getDashboardMetrics?input=%7B%22period%22%3A%22year%22%7D' token=-
  [[ $1 != node_pg ]] || path=/api/dashboard
  [[ $1 != calytics ]] || token=$reader_token
  began=$SECONDS
  hit "$1 read $3" 2 "$3" "${address[$1]}" read "$path" "$token"
  settle "$1"
  length=$(((SECONDS - began) * 2))
  hit "$1 read $3" "$((length > $2 ? length : $2))" "$3" "${address[$1]}" read "$path" "$token"
  ((${seen[$1 read $3]%% *} >= $3)) || die "$1 answers too slowly to be measured: ${seen[$1 read $3]}"
  settle "$1"
}

# What was answered is there, and the work was done.
check_kept() {
  local name sum
  for name in "${contestants[@]}"; do
    case $name in
      calytics) sum='select count(*) from calytics.webhook_delivery' ;;
      node_pg) sum='select count(*) from delivery' ;;
      *) sum='select count(*) from "CalDelivery"' ;;
    esac
    sum=$(query "$name" -c "$sum")
    ((sum >= answers[$name])) || die "$name answered ${answers[$name]} webhooks and kept $sum"
  done
  sum=$(query calytics -c "select count(*) from calytics.webhook_delivery where outcome = 'quarantined'")
  ((sum == 0)) || die "calytics quarantined $sum webhooks"
}

# A log that has been in use, as that of any server but a new one: whoever writes first would pay for
# its files otherwise.
use_log() {
  local i
  for ((i = 0; i < 64; i++)); do
    query postgres -c "select pg_switch_wal() from pg_logical_emit_message(false, 'bench', '')" >/dev/null
    bar $((i + 1)) 64 'files of the log'
  done
  query postgres -c checkpoint
}

in_turns() { # seconds, connections
  local length=2 left name kind
  declare -A turns=()
  for ((left = $1; left > 0; left -= length)); do
    for name in "${contestants[@]}"; do
      webhooks_sent "$name" $((left < length ? left : length)) "$2"
      answers[$name]=$((answers[$name] + ${seen[$name webhook $2]%% *}))
      events_sent "$name" $((left < length ? left : length)) "$2"
      for kind in webhook event; do turns[$name $kind]+=${seen[$name $kind $2]}$'\n'; done
    done
  done
  for name in "${contestants[@]}"; do
    for kind in webhook event; do seen[$name $kind $2]=${turns[$name $kind]%$'\n'}; done
  done
}

fill_visits() {
  local sessions=$((events * 2 / 5)) first chunk
  chunk=$(((sessions + 49) / 50))
  for ((first = 1; first <= sessions; first += chunk)); do
    bar "$first" "$sessions" "$events events"
    query calytics -v first="$first" -v last=$((first + chunk > sessions ? sessions : first + chunk - 1)) -v total="$sessions" \
      -f "$sql/visits.sql"
  done
  bar 1 1 ''
  timed 'Their metrics' calytics 'select cal.repair_metrics(), cal.fold()' >/dev/null
  query calytics -c 'copy (select occurred_at, session_id, event_type, service, properties from calytics.event) to stdout' |
    tee >(query node_pg -c 'copy event (occurred_at, session_id, event_type, service, properties) from stdin') |
    query trpc_prisma -c 'copy "CalAnalyticsEvent" ("occurredAt", "sessionId", "eventType", "serviceId", properties) from stdin'
  for name in "${contestants[@]}"; do query "$name" -c 'vacuum analyze'; done
}

http() {
  local name connections kind label
  declare -A answers=()
  # A connection alone gets a third of it through, the others all.
  local requests=$((pace * (2 + http * 10 / 3)))
  step "Making $requests signed requests"
  node "$sql/requests.mjs" "$requests" "$secret" >"$work/requests"
  for name in "${contestants[@]}"; do query postgres -c "create database $name"; done
  query calytics -c 'create extension calytics cascade'
  query calytics -v secret="$secret" -f "$sql/studio.sql"
  reader_token=$(query calytics -c "select cal.add_token('bench', 'reader')")
  query node_pg -f "$peers/node_pg.sql"
  query trpc_prisma -f "$peers/prisma.sql"
  start_peer calytics "$root/build/gateway/calytics-gateway"
  start_peer node_pg node "$peers/node_pg.mjs"
  start_peer trpc_prisma node "$peers/trpc_prisma.mjs"

  use_log
  step "Sending webhooks and events to ${contestants[*]}, $http s each"
  for name in "${contestants[@]}"; do # nobody begins cold
    webhooks_sent "$name" 2 8
    answers[$name]=${seen[$name webhook 8]%% *}
    events_sent "$name" 2 8
  done
  for connections in 1 8 32 64; do in_turns "$http" "$connections"; done
  check_kept
  step "Reading dashboards of a year with $events events"
  fill_visits
  for name in "${contestants[@]}"; do
    dashboards_read "$name" "$http" 4
  done
  for name in "${contestants[@]}"; do kill "${process[$name]}"; done

  declare -A label=([webhook]='Signed webhooks' [event]='Single events')
  for kind in webhook event; do
    for connections in 1 8 32 64; do compare "$kind" "$connections" "${label[$kind]}"; done
  done
  compare read 4 'Dashboards of a year'
}

declare -A goals=(
  ['webhook 1 node_pg rate']='ratio >= 1.2' ['webhook 32 node_pg rate']='ratio >= 2'
  ['webhook 32 trpc_prisma rate']='ratio >= 10' ['webhook 32 node_pg p99']='ratio < 1' ['webhook 32 trpc_prisma p99']='ratio < 1'
  ['event 32 trpc_prisma rate']='ratio >= 8' ['read 4 trpc_prisma rate']='ratio >= 1000')

compare() { # kind, connections, label
  local peer figure unit
  declare -A peer_label=([node_pg]='Node + pg' [trpc_prisma]='tRPC + Prisma')
  for figure in rate p50 p99; do
    if [[ $figure == rate ]]; then unit='/s'; else unit=ms; fi
    for peer in node_pg trpc_prisma; do
      row "$3, $2 connection(s), $figure" "$(answered "calytics $1 $2" "$figure")" "$unit" \
        "$(answered "$peer $1 $2" "$figure")" "$unit, ${peer_label[$peer]}" "${goals[$1 $2 $peer $figure]-}"
    done
  done
  [[ "$1 $2" != 'webhook 1' ]] || row '  the limit for it, p50' "$(answered 'calytics webhook 1' p50)" ms '' '' 'value <= 0.5'
}
