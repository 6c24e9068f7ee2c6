# shellcheck shell=bash
# What `make bench` is made of: progress, timing, pgbench runs and the table at the end. Sourced by
# bench.sh, which sets $bin, $sql and $work, and PGHOST, PGPORT and PGUSER for all that is run here.

# Progress goes to the error stream: a bar on a terminal, a line every quarter elsewhere.
bar_said=0
bar() { # done, total, what
  local percent=$((100 * $1 / $2)) full hashes dots
  if [[ -t 2 ]]; then
    full=$((percent * 30 / 100))
    printf -v hashes '%*s' "$full" ''
    printf -v dots '%*s' $((30 - full)) ''
    printf '\r[%s%s] %3d %%  %s\e[K' "${hashes// /#}" "${dots// /.}" "$percent" "$3" >&2
    (($1 < $2)) || printf '\r\e[K' >&2
  elif ((percent / 25 > bar_said)); then
    bar_said=$((percent / 25))
    say "    $percent % $3" >&2
  fi
  (($1 < $2)) || bar_said=0
}

now() { printf '%s\n' "$EPOCHREALTIME"; }
calc() { awk -v "x=$2" -v "y=${3-0}" "BEGIN { print $1 }"; } # expression in x and y, x, y

query() { # database, psql argument ...
  local database=$1
  shift
  "$bin/psql" -XqAt -v ON_ERROR_STOP=1 -d "$database" "$@"
}

# Runs a query whose end nobody can foresee; prints how many seconds it took.
timed() { # what, database, query
  local began pid status=0
  began=$(now)
  query "$2" -c "$3" >"$work/timed.out" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    [[ ! -t 2 ]] || printf '\r%s: %.0f s\e[K' "$1" "$(calc 'x - y' "$(now)" "$began")" >&2
    sleep 0.2
  done
  wait "$pid" || status=$?
  [[ ! -t 2 ]] || printf '\r\e[K' >&2
  ((status == 0)) || die "$1 failed:" "$(cat "$work/timed.out")"
  calc 'x - y' "$(now)" "$began"
}

pause() { # seconds, what
  local began=$SECONDS
  while ((SECONDS - began < $1)); do
    bar $((SECONDS - began)) "$1" "$2"
    sleep 1
  done
  bar "$1" "$1" "$2"
}

pgbench=("$bin/pgbench" --no-vacuum --protocol=prepared --max-tries=10)

# The number of the next webhook: a database takes each of them once, in their order.
next_webhook() { # database
  query "$1" -c 'select count(*) + coalesce(sum(d.repeats), 0) + 1 from calytics.webhook_delivery d'
}

# Prints webhooks a second, each committed by itself.
receive() { # database, connections, count, metrics on or off
  local out=$work/receive
  PGOPTIONS="$PGOPTIONS -c calytics.collect_metrics=$4" "${pgbench[@]}" --client="$2" --jobs="$2" \
    --transactions=$(($3 / $2)) -D k=0 -D clients="$2" -D first="$(next_webhook "$1")" \
    --file="$sql/ingest.sql" "$1" >"$out" 2>&1 || die "pgbench failed:" "$(tail -n 5 "$out")"
  sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$out"
}

# Webhooks come in, so many a minute, until hush.
load=
start_load() { # database, webhooks a minute
  "${pgbench[@]}" --rate="$(calc 'x / 60' "$2")" --time=1000000 -D k=0 -D clients=1 \
    -D first="$(next_webhook "$1")" --file="$sql/ingest.sql" "$1" >"$work/load" 2>&1 &
  load=$!
  running+=("$load")
}
hush() { # database
  kill "$load" 2>/dev/null || die "the load ended too early:" "$(tail -n 5 "$work/load")"
  wait "$load" || true
  [[ $(query "$1" -c 'select count(*) from bench.webhook') -ge $(next_webhook "$1") ]] ||
    die "the webhooks ran out: the load was less than it should have been"
}

# Runs a script over and over on one connection; its times in milliseconds, sorted, go to $work/NAME. The
# first ones of a session are left out: plans are made then, and kept.
measure() { # name, database, script, pgbench argument ...
  local name=$1 database=$2 script=$3
  shift 3
  rm -f "$work/$name".log*
  "${pgbench[@]}" --log --log-prefix="$work/$name.log" --file="$sql/$script" "$@" "$database" \
    >"$work/$name.out" 2>&1 || die "pgbench failed:" "$(tail -n 5 "$work/$name.out")"
  cat "$work/$name".log.* | awk 'NR > 5 { print $3 / 1000 }' | sort -n >"$work/$name"
  [[ -s $work/$name ]] || die "$script is too slow to be measured in that time: $*"
}
# The smallest value that so many of a hundred do not exceed.
percentile() { # name, of a hundred
  awk -v q="$2" '{ v[NR] = $1 } END { n = NR * q / 100; k = int(n); print v[k < n ? k + 1 : k] }' "$work/$1"
}
median() {
  printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# The table: every figure, what it is held against, and the goal, for the figure or for their ratio.
table=()
row() { # what, figure, unit, against, its unit, goal: "value <= 5", "ratio >= 0.8" or nothing
  local measured against='' ratio='' verdict=''
  measured="$(short "$2") $3"
  if [[ $4 ]]; then
    against="$(short "$4") $5"
    ratio=$(calc 'y ? x / y : "-"' "$2" "$4")
  fi
  if [[ ${6-} ]]; then
    verdict=$(awk -v value="$2" -v ratio="${ratio:-0}" "BEGIN { print ($6) ? \"met\" : \"MISSED\" }")
  fi
  table+=("$(printf '%-44s %18s   %-32s %8s   %-14s %s' "$1" "$measured" "$against" \
    "${ratio:+$(short "$ratio")}" "${6-}" "$verdict")")
}
short() { # three digits or more, as many as matter
  awk -v x="$1" 'BEGIN {
    printf (x + 0 != x ? "%s" : x == int(x) || x >= 1000 ? "%.0f" : x >= 100 ? "%.1f" : x >= 1 ? "%.2f" : "%.3f"), x }'
}
year_rows() { # name and what it was measured over, the same of a tenth
  local p large small
  for p in 50 99; do
    large=$(percentile "$1" "$p")
    small=$(percentile "$3" "$p")
    row "cal.dashboard('year'), p$p, $2" "$large" ms "$small" "ms, $4" 'ratio <= 1.5'
    ((p == 50)) || row '  the limit for it' "$large" ms '' '' 'value <= 5'
  done
}
held_rows() { # name, and the name of the same without a snapshot
  local p
  for p in 50 99; do
    row "The same, a snapshot held for $held s, p$p" "$(percentile "$1" "$p")" ms "$(percentile "$2" "$p")" 'ms, none held' 'ratio <= 2'
  done
}
print_table() {
  printf '\n%-44s %18s   %-32s %8s   %s\n' figure measured 'beside it' ratio goal
  printf '%s\n' "${table[@]}"
}
