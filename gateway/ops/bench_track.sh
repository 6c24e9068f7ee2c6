# shellcheck shell=bash
# The parts `track` and `tracked` of `make bench`: how fast events go in, beside a plain INSERT of the same
# ones, and how fast dashboards are read as they do. Sourced by bench.sh.

# Prints events a second.
send_batches() { # script, size of a batch, batches, connections
  local out=$work/batches
  "${pgbench[@]}" --client="$4" --jobs="$4" --transactions=$(($3 / $4)) -D k=0 -D clients="$4" \
    --file="$sql/$1.sql" track >"$out" 2>&1 || die "pgbench failed:" "$(tail -n 5 "$out")"
  calc 'x * y' "$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$out")" "$2"
}

# One row of the table: batches of a size over so many connections, by turns with the plain INSERT.
track_beside() { # size, connections, ids true or false, what, goal
  local size=$1 connections=$2 round script count figures
  local -A rates=()
  # A single event takes as long as many that come together.
  count=$((seconds * (size == 1 ? 200 : size == 20 ? 1500 : 2000) / size / connections * connections))
  ((count > 0)) || count=$connections
  for round in 1 2 3; do
    for script in $( ((round % 2)) && echo track track_bare || echo track_bare track); do
      bar $((round - 1)) 3 "batches of $size, connections: $connections"
      query track -v ids="$3" -v size="$size" -v count="$count" -f "$sql/batches.sql"
      rates[$script]+=" $(send_batches "$script" "$size" "$count" "$connections")"
      # What a run left to the folder must not burden the next one.
      query track -c 'select cal.fold()' >/dev/null
    done
  done
  bar 3 3 ''
  read -ra figures <<<"${rates[track]} ${rates[track_bare]}"
  row "$4 $size, $connections connection(s)" "$(median "${figures[@]:0:3}")" '/s, all on' \
    "$(median "${figures[@]:3}")" '/s, plain INSERT' "${5-}"
}

track() {
  local size connections
  make_database track 0
  query track -c 'create table bench.batch (n int primary key, events text not null)' \
    -c 'alter table bench.batch alter column events set storage external'
  step "Tracking events, beside a plain INSERT of the same by turns"
  query track -v ids=true -v size=100 -v count=20 -f "$sql/batches.sql"
  send_batches track 100 20 1 >/dev/null # an empty database is no fair beginning
  for size in 1 20 100 1000; do
    for connections in 1 4; do
      track_beside "$size" "$connections" true 'Events with ids in batches of' \
        "$( ((size != 100)) || echo 'ratio >= 0.9')"
    done
  done
  for connections in 1 4; do
    track_beside 100 "$connections" false 'Events without ids in batches of' 'ratio >= 0.9'
  done
}

pace_of_events=2000

# Events come in, in batches of twenty, until stop_visits, which prints how many a second did.
start_visits() { # database
  "${pgbench[@]}" --client=4 --rate=$((pace_of_events / 20)) --time=1000000 --file="$sql/visit.sql" "$1" >"$work/visits" 2>&1 &
  load=$!
  running+=("$load")
  visits_began=$(query "$1" -c 'select clock_timestamp()')
}
stop_visits() { # database
  kill "$load" 2>/dev/null || die "the events ended too early:" "$(tail -n 5 "$work/visits")"
  wait "$load" || true
  query "$1" -c "
    select count(*) / extract(epoch from clock_timestamp() - '$visits_began')
      from calytics.event e where e.received_at >= '$visits_began'"
}

# A database with so many bookings and events; that of the other parts, where they made it. Else both come in at once.
fill_tracked() { # bookings, events
  local sessions=$(($2 * 2 / 5)) chunk first inventing=
  if [[ -z $(query postgres -c "select 1 from pg_database where datname = 'n$1'") ]]; then
    make_database "n$1" "$most_read"
    invent_bookings "$1" 2>"$work/inventing" &
    inventing=$!
    running+=("$inventing")
  fi
  chunk=$(((sessions + 49) / 50))
  for ((first = 1; first <= sessions; first += chunk)); do
    bar "$first" "$sessions" "$2 events"
    query "n$1" -v first="$first" -v last=$((first + chunk > sessions ? sessions : first + chunk - 1)) -v total="$sessions" \
      -f "$sql/visits.sql"
  done
  bar 1 1 ''
  if [[ $inventing ]]; then wait "$inventing" || die "no bookings could be invented:" "$(tail -n 5 "$work/inventing")"; fi
  timed "Metrics of $1 bookings and $2 events" "n$1" 'select cal.repair_metrics(), cal.fold()' >/dev/null
  query "n$1" -c 'vacuum analyze' -c 'checkpoint' >/dev/null
}

tracked_figures() { # bookings, events
  step "Reading from $2 events and $1 bookings, with $pace_of_events events a second"
  start_visits "n$1"
  # Longer than elsewhere: what loading has left to the disk, and pages read for the first time, are no part of it.
  measure warm "n$1" tracked.sql --time=30 &
  pause 30 'warming up'
  wait "$!"
  measure "tracked$1" "n$1" tracked.sql --time="$seconds" &
  pause "$seconds" "cal.dashboard('year')"
  wait "$!"
  row "Events taken meanwhile, $2 events before" "$(stop_visits "n$1")" '/s' '' '' "value >= 0.95 * $pace_of_events"
}

tracked() {
  local holder window=$((held < 120 ? held / 2 : 60))
  step "Filling two databases with events"
  fill_tracked "$fewer" $((events / 10))
  tracked_figures "$fewer" $((events / 10))
  fill_tracked "$bookings" "$events"
  tracked_figures "$bookings" "$events"
  year_rows "tracked$bookings" "$events events" "tracked$fewer" 'a tenth of all'
  step "The same while another session holds a snapshot for $held s"
  start_visits "n$bookings"
  exec {holder}> >(query "n$bookings" >/dev/null)
  say 'begin isolation level repeatable read; select from calytics.event limit 1;' >&"$holder"
  pause $((held - window)) 'snapshot held'
  measure tracked_held "n$bookings" tracked.sql --time="$window" &
  pause "$window" "cal.dashboard('year'), snapshot held"
  wait "$!"
  stop_visits "n$bookings" >/dev/null
  exec {holder}>&-
  held_rows tracked_held "tracked$bookings"
}
