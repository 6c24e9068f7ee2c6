#!/usr/bin/env bash
# `make check`: builds, lints and tests everything, on throwaway clusters with ports of their own.
# Every part runs, whatever failed before it. The last line counts tests; a part that has none to
# count, or fails without a failed test, counts as one. CALYTICS_SEED repeats a run.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
cd "$root"

export CALYTICS_SEED=${CALYTICS_SEED:-$(date +%s)}
[[ $CALYTICS_SEED =~ ^[0-9]{1,18}$ ]] || die "CALYTICS_SEED is not a number: $CALYTICS_SEED"
# Tests bring their own settings, whatever the caller's shell holds.
for name in "${!PG@}" "${!CALYTICS_@}" DATABASE_URL CAL_WEBHOOK_SECRET BETTER_AUTH_SECRET; do
  [[ $name == PG_CONFIG || $name == CALYTICS_SEED ]] || unset "$name"
done
# No result may depend on where the machine stands.
zones=(UTC America/New_York Europe/Berlin Asia/Kathmandu Australia/Lord_Howe America/St_Johns
  Pacific/Apia Pacific/Chatham)
export TZ=${zones[10#$CALYTICS_SEED % ${#zones[@]}]}
export PGTZ=$TZ
say "Seed $CALYTICS_SEED, time zone $TZ; the same again: CALYTICS_SEED=$CALYTICS_SEED make check"

"$ops/deps.sh" check
logs=$root/build/check
rm -rf "$logs"
mkdir -p "$logs"

scratch=$(mktemp -d /tmp/calytics-check.XXXXXX)
((EUID)) || chown "$(server_user)" "$scratch"
job=
clean_up() {
  [[ -z $job ]] || kill -TERM -- "-$job" 2>/dev/null || true
  "$ops/cluster.sh" stop "$scratch" || true
  rm -rf "$scratch"
}
trap clean_up EXIT

build() {
  "$ops/build.sh" all
  "$ops/install.sh"
}

cluster() {
  # Tests of regress/ fold by hand, at moments that they choose.
  "$ops/cluster.sh" start "$scratch" "$port" timezone="$TZ" fsync=off max_connections=60 \
    calytics.fold_worker=off
}

installcheck() { # the directory in build/ of its output, make's variables that say what to run
  local output=$1
  shift
  PGHOST=$("$ops/cluster.sh" socket "$scratch" "$port") PGPORT=$port PGUSER=calytics \
    make PG_CONFIG="$(pg_config_path)" regress_output="$output" "$@" installcheck && return
  cat "build/$output/regression.diffs"
  return 1
}
# `order` takes as long as half of the others: it runs beside them, in a database of its own.
regress() {
  local others status=0
  set +m
  installcheck order CONTRIB_TESTDB=contrib_order REGRESS=order ISOLATION= >"$logs/order.log" 2>&1 &
  others=$(basename -s .sql regress/sql/*.sql | grep -vx order | xargs)
  installcheck regress REGRESS="$others" ISOLATION= || status=1
  wait "$!" || status=1
  cat "$logs/order.log"
  return "$status"
}
isolation() { installcheck isolation REGRESS=; }

lint() { "$ops/lint.sh"; }

unit() { ctest --test-dir build --output-on-failure --timeout 300 --parallel "$(nproc)"; }

e2e() {
  # What files need alike is made once, and copied: see prepared.mjs.
  mkdir "$scratch/e2e"
  ((EUID)) || chown "$(server_user)" "$scratch/e2e"
  CALYTICS_E2E_PREPARED=$scratch/e2e "$ops/e2e.sh" tests/e2e/*.test.mjs
}

# Prints how many tests passed and failed, as that part's tool words it.
count() {
  awk '
    /^[0-9]+% tests passed, [0-9]+ tests failed out of/ { failed += $4; passed += $NF - $4 }
    /^(test|ok|     ) .* \.\.\. ok / || /^ok [0-9]+ +[-+] / { passed++ }
    /^(test|     ) .* \.\.\. FAILED / || /^not ok [0-9]+ +[-+] / { failed++ }
    /^ℹ pass [0-9]+$/ { passed += $3 }
    /^ℹ (fail|cancelled) [0-9]+$/ { failed += $3 }
    END { print passed + 0, failed + 0 }' "$1"
}

summary=()
all_passed=0
all_failed=0
part() { # a function of the above
  local name=$1 log=$logs/$1.log began=$SECONDS status=0 passed failed
  step "$name"
  # A process of its own, or `set -e` would not hold in there; and of its own group, so that an
  # interrupted check can end all of it.
  set -m
  (set -e; "$name") >"$log" 2>&1 </dev/null &
  job=$!
  set +m
  wait "$job" || status=$?
  job=
  read -r passed failed < <(count "$log")
  if ((status == 0 && passed == 0)); then passed=1; fi
  if ((status != 0 && failed == 0)); then failed=1; fi
  if ((status != 0)); then
    tail -n 300 "$log"
    step "$name FAILED; the whole of its output is in ${log#"$root/"}"
  fi
  all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed))
  summary+=("$(printf '  %-10s %5d passed %5d failed %5d s' "$name" "$passed" "$failed" $((SECONDS - began)))")
}

port=$(free_port)
part build
part lint
part unit
part cluster
part regress
part isolation
part e2e

printf '\n%s\n' "Seed $CALYTICS_SEED, time zone $TZ"
printf '%s\n' "${summary[@]}"
printf '%d passed, %d failed\n' "$all_passed" "$all_failed"
((all_failed == 0))
