#!/usr/bin/env bash
# `make run`: installs, builds and starts what isn't yet, and returns when database and gateway are
# healthy. Run again, it changes nothing that runs and says the same.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
. "$ops/state.sh"
. "$ops/database.sh"

secret=${CAL_WEBHOOK_SECRET-}
[[ $secret != *$'\n'* ]] || die "CAL_WEBHOOK_SECRET has a line break in it"
[[ -z $secret ]] || ((${#secret} >= 8 && ${#secret} <= 256)) ||
  die "CAL_WEBHOOK_SECRET has ${#secret} characters; a secret has 8 to 256"

check_analytics

[[ -d $state ]] || mkdir -p "$state" 2>/dev/null || die "can't make the directory $state"
[[ -O $state ]] || die "$state belongs to $(stat -c %U "$state")" \
  "Run this as that user, or choose another directory: CALYTICS_DIR=/another/directory make run"
load_kept
if uses_own_cluster; then purpose=run; else purpose=client; fi
"$ops/deps.sh" "$purpose"
lock_state
load_kept

# What the environment says counts, else what was said last; kept once it works.
pg_port=${CALYTICS_PGPORT:-${kept[pg_port]:-54330}}
port=${CALYTICS_PORT:-${kept[port]:-8080}}
check_port CALYTICS_PGPORT "$pg_port"
check_port CALYTICS_PORT "$port"
[[ -z ${PG_CONFIG-} ]] || keep pg_config "$PG_CONFIG"

"$ops/build.sh" gateway
if uses_own_cluster; then
  prepare_own_database
  database_url=$(own_database_url calytics "${kept[owner_password]}")
else
  database_url=${DATABASE_URL:-${kept[database_url]}}
  prepare_given_database "$database_url"
fi

export CALYTICS_GATEWAY_DATABASE_URL=${CALYTICS_GATEWAY_DATABASE_URL:-$gateway_url}
export CALYTICS_PORT=$port
"$ops/gateway.sh" start "$server"
keep port "$port"

url=http://127.0.0.1:$port
assignment() { # name, value; quoted for a shell only if need be, as not only shells read the file
  if [[ $2 =~ ^[A-Za-z0-9_./:@%+=,-]*$ ]]; then
    printf '%s=%s\n' "$1" "$2"
  else
    printf "%s='%s'\n" "$1" "${2//\'/\'\\\'\'}"
  fi
}
{
  assignment DATABASE_URL "$database_url"
  assignment CALYTICS_URL "$url"
  assignment CAL_WEBHOOK_SECRET "${kept[webhook_secret]}"
  assignment CALYTICS_ADMIN_TOKEN "${kept[admin_token]}"
  echo export DATABASE_URL CALYTICS_URL CAL_WEBHOOK_SECRET CALYTICS_ADMIN_TOKEN
} | write_private "$state/env"

cat <<TEXT

Calytics runs.
  dashboard      $url/
  webhook        $url/api/cal/webhook   (enter it at Cal.com, with the secret)
  tracker        $url/cal.js   (a script tag for your pages)
  secret         ${kept[webhook_secret]}
  admin token    ${kept[admin_token]}
  for programs   ${state#"$root/"}/env

Next: make demo    a tattoo studio's year to look at
      make psql    a SQL prompt; try: select status, count(*) from cal.booking group by 1;
      make logs    what gateway and database say
      make stop    stop both; the data stays
TEXT
