#!/usr/bin/env bash
# `make bench`: how fast it is, on a throwaway cluster set up as `make run` sets one up, with durable
# commits and the folder at work. It ends with a table: every figure beside what it is held against,
# both from the same run. From the environment:
#
#   CALYTICS_BENCH_PARTS     some of: ingest read held fold http track tracked page (all)
#   CALYTICS_BENCH_BOOKINGS  bookings in the larger database (1000000); the smaller one has a tenth
#   CALYTICS_BENCH_SECONDS   how long each reading is measured (60); ingest takes 100 webhooks a second
#   CALYTICS_BENCH_SETTINGS  settings of the server to try, as name=value name=value
#   CALYTICS_BENCH_HELD      how long a snapshot is held open, in seconds (600); the last minute counts
#   CALYTICS_BENCH_HTTP      how long wrk sends at a time, in seconds (10)
#   CALYTICS_BENCH_EVENTS    events of the year whose dashboards it reads (10000000)
#   CALYTICS_BENCH_PACE      webhooks a second that no contestant exceeds: so many are made (15000)
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
cd "$root"

parts=${CALYTICS_BENCH_PARTS:-ingest read held fold http track tracked page}
bookings=${CALYTICS_BENCH_BOOKINGS:-1000000}
seconds=${CALYTICS_BENCH_SECONDS:-60}
held=${CALYTICS_BENCH_HELD:-600}
http=${CALYTICS_BENCH_HTTP:-10}
events=${CALYTICS_BENCH_EVENTS:-10000000}
pace=${CALYTICS_BENCH_PACE:-15000}
for limits in bookings:1000:100000000 seconds:1:86400 held:2:86400 http:1:86400 events:1000:100000000 pace:100:1000000; do
  IFS=: read -r name low high <<<"$limits"
  if ! [[ ${!name} =~ ^[1-9][0-9]{0,8}$ ]] || ((${!name} < low || ${!name} > high)); then
    die "CALYTICS_BENCH_${name^^} is no whole number from $low to $high: ${!name}"
  fi
done
for part in $parts; do
  [[ " ingest read held fold http track tracked page " == *" $part "* ]] || die "CALYTICS_BENCH_PARTS: there is no part $part"
done
wants() { [[ " $parts " == *" $1 "* ]]; }

for name in "${!PG@}"; do [[ $name == PG_CONFIG ]] || unset "$name"; done
export LC_ALL=C
"$ops/deps.sh" run bench
"$ops/install.sh"
bin=$(pg_bin)
sql=$root/tests/bench
secret=whsec_only_for_benchmarks

scratch=$(mktemp -d /tmp/calytics-bench.XXXXXX)
((EUID)) || chown "$(server_user)" "$scratch"
running=()
clean_up() {
  local pid
  for pid in "${running[@]}"; do kill "$pid" 2>/dev/null || true; done
  "$ops/cluster.sh" stop "$scratch" || true
  rm -rf "$scratch"
}
trap clean_up EXIT
work=$scratch/work
mkdir "$work"
. "$ops/bench_tools.sh"
. "$ops/bench_http.sh"
. "$ops/bench_track.sh"
. "$ops/bench_page.sh"
if wants http; then install_peers; fi
if wants page; then install_browser; fi
if wants http || wants page; then "$ops/build.sh" gateway; fi

port=$(free_port)
read -ra settings <<<"${CALYTICS_BENCH_SETTINGS-}"
# One client sends it all, and visitors come from addresses of their own.
"$ops/cluster.sh" start "$scratch" "$port" calytics.limit_webhook=off calytics.limit_tracking=off calytics.limit_read=off \
  calytics.trusted_proxies=127.0.0.1 "${settings[@]}"
PGHOST=$("$ops/cluster.sh" socket "$scratch" "$port")
export PGHOST PGPORT=$port PGUSER=calytics PGOPTIONS='-c client_min_messages=warning'

rounds=5
batch=$((seconds * 100))
a_minute=1000
if wants ingest; then count=$(((4 * rounds + 1) * batch)); else count=0; fi
# Time for warming up, for a recount and to spare.
most_read=$(((seconds + held + 240) * a_minute / 60))
((count >= most_read)) || count=$most_read

make_database() { # name, webhooks
  query postgres -c "create database $1"
  query "$1" -c 'create extension calytics cascade'
  query "$1" -v secret="$secret" -f "$sql/studio.sql"
  (($2 == 0)) || head -n "$2" "$work/webhooks" | query "$1" -c 'copy bench.webhook from stdin' -c 'analyze bench.webhook'
}

ingest() {
  local round metrics connections figures=()
  make_database ingest "$count"
  declare -A rates=()
  receive ingest 1 "$batch" on >/dev/null # an empty database is no fair beginning
  for ((round = 0; round < rounds; round++)); do
    for connections in 1 4; do
      for metrics in $( ((round % 2)) && echo off on || echo on off); do
        bar "$round" "$rounds" "metrics $metrics, connections: $connections"
        rates[$metrics$connections]+=" $(receive ingest "$connections" "$batch" "$metrics")"
        # What a run left to the folder must not burden the next one.
        query ingest -c 'select cal.fold()' >/dev/null
      done
    done
  done
  bar 1 1 ''
  for connections in 1 4; do
    read -ra figures <<<"${rates[on$connections]} ${rates[off$connections]}"
    row "Webhooks received, $connections connection(s)" \
      "$(median "${figures[@]:0:rounds}")" "/s, metrics on" \
      "$(median "${figures[@]:rounds}")" "/s, metrics off" 'ratio >= 0.8'
  done
}

# So many bookings, of which nothing is counted yet.
invent_bookings() { # bookings
  local database=n$1 chunk=$((($1 + 49) / 50)) first
  for ((first = 1; first <= $1; first += chunk)); do
    bar "$first" "$1" "$1 bookings"
    query "$database" -v first="$first" -v last=$((first + chunk > $1 ? $1 : first + chunk - 1)) \
      -v total="$1" -f "$sql/bookings.sql"
  done
  bar "$1" "$1" "$1 bookings"
  query "$database" -c 'vacuum analyze calytics.booking'
}

# A database with so many bookings, and the webhooks for all that is measured in it.
fill() { # bookings
  local database=n$1
  make_database "$database" "$most_read"
  invent_bookings "$1"
  built=$(timed "Facts of $1 bookings" "$database" 'select cal.repair_metrics()')
  built=$(calc 'x + y' "$built" "$(timed "Buckets of $1 bookings" "$database" 'select cal.fold()')")
  query "$database" -c 'vacuum analyze' -c 'checkpoint' >/dev/null
}

# The dashboard's times under load, and beside them the recount's.
read_figures() { # bookings
  step "Reading from $1 bookings, with $a_minute webhooks a minute"
  start_load "n$1" "$a_minute"
  measure warm "n$1" read.sql --time=3
  measure "read$1" "n$1" read.sql --time="$seconds" &
  pause "$seconds" "cal.dashboard('year')"
  wait "$!"
  measure "recount$1" "n$1" recount.sql --transactions=15
  hush "n$1"
}

read_rows() {
  year_rows "read$bookings" "$bookings bookings" "read$fewer" "$fewer bookings"
  for name in "$bookings" "$fewer"; do
    row "A plain recount of its main figures, $name" "$(percentile "recount$name" 50)" ms \
      "$(percentile "read$name" 50)" "ms, cal.dashboard"
  done
}

hold_snapshot() {
  local window=$((held < 120 ? held / 2 : 60)) holder dead
  step "Reading while another session holds a snapshot for $held s"
  start_load "n$bookings" "$a_minute"
  exec {holder}> >(query "n$bookings" >/dev/null)
  say 'begin isolation level repeatable read; select from calytics.booking limit 1;' >&"$holder"
  pause $((held - window)) 'snapshot held'
  measure held "n$bookings" read.sql --time="$window" &
  pause "$window" "cal.dashboard('year'), snapshot held"
  wait "$!"
  held_rows held "read$bookings"
  while IFS='|' read -r name dead; do
    row "  dead rows then: calytics.$name" "$dead" rows '' ''
  done < <(query "n$bookings" -c "
    select relname, n_dead_tup from pg_stat_user_tables
     where schemaname = 'calytics' and relname in ('chain_mark', 'recent_delta', 'bucket', 'fold_state', 'chain')
     order by relname")
  hush "n$bookings"
  exec {holder}>&-
}

# A backlog that the folder did not see to, and the recount of everything.
fold() {
  local database=n$bookings backlog=$((bookings < 100000 ? bookings / 10 : 10000)) took
  step "Folding, verifying and repairing $bookings bookings"
  query "$database" -c 'alter system set calytics.fold_worker = off' -c 'select pg_reload_conf()' \
    -c 'select cal.fold()' >/dev/null
  query "$database" -v backlog="$backlog" -f "$sql/backlog.sql" >/dev/null
  took=$(timed 'cal.fold()' "$database" 'select cal.fold()')
  row "cal.fold(), $backlog bookings changed" "$(calc 'x / y' "$backlog" "$took")" '/s' '' ''
  row "cal.repair_metrics() and cal.fold(), all anew" "$built" s '' ''
  took=$(timed 'cal.verify_metrics()' "$database" "
    do \$\$ begin if exists (select from cal.verify_metrics()) then raise 'metrics are wrong'; end if; end \$\$")
  row "cal.verify_metrics(), nothing wrong" "$took" s "$built" 's, anew'
  took=$(timed 'cal.repair_metrics()' "$database" 'select cal.repair_metrics()')
  row "cal.repair_metrics(), nothing wrong" "$took" s "$built" 's, anew'
  query "$database" -c 'alter system reset calytics.fold_worker' -c 'select pg_reload_conf()' >/dev/null
}

if wants http; then http; fi
if wants ingest || wants read || wants held || wants fold || wants tracked; then
  step "Making $count webhooks"
  node "$sql/webhooks.mjs" "$count" "$secret" >"$work/webhooks"
fi
if wants ingest; then
  step "Receiving webhooks, $batch at a time, metrics on and off by turns"
  ingest
fi
if wants track; then track; fi
fewer=$((bookings / 10))
if wants read; then
  step "Filling two databases"
  fill "$fewer"
  read_figures "$fewer"
fi
if wants read || wants held || wants fold; then fill "$bookings"; fi
if wants read || wants held; then read_figures "$bookings"; fi
if wants read; then read_rows; fi
if wants held; then hold_snapshot; fi
if wants fold; then fold; fi
if wants tracked; then tracked; fi
if wants page; then page; fi
print_table
