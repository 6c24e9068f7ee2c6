# shellcheck shell=bash
# Gets a database ready for the gateway: the private cluster's, or the one that DATABASE_URL names.
# Both end with a URL for the gateway in $gateway_url. Sourced after state.sh and postgres.sh; $pg_port
# is the private cluster's port.

# Statements that carry secrets must not reach the server's log if they fail.
own_sql() { # database, psql argument ...
  local database=$1
  shift
  PGOPTIONS='-c log_min_error_statement=panic -c client_min_messages=warning' \
    as_server "$(pg_bin)/psql" -XqAt -v ON_ERROR_STOP=1 \
    -h "$("$ops/cluster.sh" socket "$server" "$pg_port")" -p "$pg_port" \
    -U calytics -d "$database" "$@"
}

can_log_in() { psql_url "$1" -c '' >/dev/null 2>&1; }

prepare_server_dir() {
  [[ ! -d $server ]] || return 0
  local place=$server user
  user=$(server_user)
  if ! as_server test -x "$state"; then
    # A socket's path is short, and so must be this one.
    place=/var/lib/calytics/$(basename "$root" | tr -c 'A-Za-z0-9._\n-' _ | cut -c 1-24)
    place+=-$(cksum <<<"$state" | cut -d' ' -f1)
    say "User $user may not enter $state, so the servers' files are in $place"
    [[ ! -d $place/data ]] || say "That holds the data of an earlier checkout here, which goes on being used."
    mkdir -p "$place"
    ln -sfn "$place" "$server"
    server=$place
  fi
  mkdir -p "$place"
  chmod 700 "$place"
  ((EUID)) || chown "$user:" "$place"
}

prepare_own_database() {
  local script pid new=
  [[ ${kept[owner_password]-} ]] || keep owner_password "$(random_hex 24)"
  [[ ${kept[gateway_password]-} ]] || keep gateway_password "$(random_hex 24)"
  "$ops/install.sh"
  prepare_server_dir
  if pid=$("$ops/cluster.sh" running "$server"); then
    [[ $("$ops/cluster.sh" port "$server") == "$pg_port" ]] ||
      die "the database runs on port $("$ops/cluster.sh" port "$server"), not $pg_port" \
        "To move it: make stop, then CALYTICS_PGPORT=$pg_port make run"
    ! as_server grep -q 'calytics\.so (deleted)' "/proc/$pid/maps" ||
      say "The extension's library is newer than the one that runs; to load it: make restart"
  else
    ! port_taken "$pg_port" ||
      die "port $pg_port is taken by another program" \
        "Choose another one for the database: CALYTICS_PGPORT=54331 make run"
    step "Starting PostgreSQL on port $pg_port"
    "$ops/cluster.sh" start "$server" "$pg_port"
  fi
  keep pg_port "$pg_port"

  # A new database is known to lack it all; asking would only fill the log with refusals.
  if [[ $(own_sql postgres -c "select count(*) from pg_database where datname = 'calytics'") == 0 ]]; then
    new=1
    own_sql postgres -c 'create database calytics'
  fi
  if [[ $new ]] || ! can_log_in "$(own_database_url calytics "${kept[owner_password]}")"; then
    OWNER_PASSWORD=${kept[owner_password]} own_sql postgres <<'SQL'
\getenv password OWNER_PASSWORD
select format('alter role calytics password %L', :'password') \gexec
SQL
  fi
  script=$(cat "$root"/extension/calytics--*.sql | cksum)
  if [[ $(own_sql calytics -c "select count(*) from pg_extension where extname = 'calytics'") == 0 ]]; then
    own_sql calytics -c 'create extension calytics cascade'
    keep extension_script "$script"
  elif [[ ${kept[extension_script]-$script} != "$script" ]]; then
    say "The extension's SQL has changed under the same version since this database was made."
    say "A new database takes it up: make stop, remove $server/data, make run"
  fi

  gateway_url=$(own_database_url calytics_gateway "${kept[gateway_password]}")
  export GATEWAY_ROLE=calytics_gateway GATEWAY_PASSWORD=
  if [[ $new ]] || ! can_log_in "$gateway_url"; then GATEWAY_PASSWORD=${kept[gateway_password]}; fi
  provision own_sql calytics
}

prepare_given_database() {
  local url=$1 name message
  [[ ! -e $server/data ]] ||
    die "$state holds a private cluster, and DATABASE_URL names another server" \
      "Keep them apart: CALYTICS_DIR=/another/directory make run"
  keep database_url "$url"
  prepare_server_dir
  message=$(psql_url "$url" -c '' 2>&1) || die "can't connect to DATABASE_URL" "$message"

  given_sql() { psql_url "$url" -qAt -v ON_ERROR_STOP=1 "$@"; }
  if [[ $(given_sql -c "select count(*) from pg_extension where extname = 'calytics'") == 0 ]]; then
    [[ $(given_sql -c "select count(*) from pg_available_extensions where name = 'calytics'") == 1 ]] ||
      die "that server lacks the extension's files" \
        "On its machine, in this source tree: make && sudo make install" \
        "(with PG_CONFIG=/path/to/pg_config if it isn't the default one)."
    message=$(given_sql -c 'create extension calytics cascade' 2>&1) ||
      die "can't create the extension there" "$message" \
        "Let a superuser of that database run: create extension calytics cascade;"
  fi

  name=$(given_sql -c 'select current_database()')
  [[ ${kept[gateway_password]-} ]] || keep gateway_password "$(random_hex 24)"
  export GATEWAY_ROLE=calytics_gateway_$name GATEWAY_PASSWORD=
  gateway_url=$(as_role "$url" "$GATEWAY_ROLE" "${kept[gateway_password]}")
  if ! can_log_in "$gateway_url"; then
    if [[ $(given_sql -c 'select rolsuper or rolcreaterole from pg_roles where rolname = current_user') == t ]]; then
      GATEWAY_PASSWORD=${kept[gateway_password]}
    else
      gateway_url=$url
    fi
  fi
  provision given_sql
  if [[ $gateway_url == "$url" ]] || ! can_log_in "$gateway_url"; then
    gateway_url=$url
    say "The gateway uses DATABASE_URL's own login: there is none for it alone. Better: a role that is"
    say "a member of cal_gateway only, in CALYTICS_GATEWAY_DATABASE_URL."
  fi
}

# The same database's URL for another role, whose name and password need no escaping.
as_role() { # url, role, password
  if [[ $1 =~ ^(postgres(ql)?://)([^@/]*@)?(.*)$ ]]; then
    printf '%s%s:%s@%s\n' "${BASH_REMATCH[1]}" "$2" "$3" "${BASH_REMATCH[4]}"
  else
    printf "%s user='%s' password='%s'\n" "$1" "$2" "$3"
  fi
}

# What ANALYTICS_... and CAL_API_... say is looked at before anything is started.
check_analytics() {
  local name
  for name in ANALYTICS_ENABLE_BATCHING ANALYTICS_ANONYMIZE_IPS ANALYTICS_GDPR_COMPLIANCE ANALYTICS_ENABLE_HEALTH_CHECKS; do
    [[ ${!name-} =~ ^(|true|false)$ ]] || die "$name is neither true nor false: ${!name}"
  done
  check_whole ANALYTICS_BATCH_SIZE 1 500
  check_whole ANALYTICS_FLUSH_INTERVAL 100 3600000
  check_whole ANALYTICS_MAX_RETRIES 0 20
  check_whole ANALYTICS_RETENTION_DAYS 2 36500
  check_whole ANALYTICS_HEALTH_CHECK_INTERVAL 1000 86400000
  [[ ${ANALYTICS_ENABLE_BATCHING-} != false ]] || export ANALYTICS_BATCH_SIZE=1
  [[ ${CAL_API_KEY-} =~ ^([[:graph:]]{8,500})?$ ]] || die "CAL_API_KEY is no API key: those of Cal.com begin with cal_"
  [[ ${CAL_API_URL-} =~ ^(https?://[^[:space:]]+)?$ ]] || die "CAL_API_URL is no address: $CAL_API_URL"
  [[ ${NEXT_PUBLIC_CAL_USERNAME-} =~ ^([A-Za-z0-9._-]{1,100})?$ ]] ||
    die "NEXT_PUBLIC_CAL_USERNAME is no user name of Cal.com: $NEXT_PUBLIC_CAL_USERNAME"
}

check_whole() { # variable, least, most
  local value=${!1-}
  [[ -z $value ]] || { [[ $value =~ ^(0|[1-9][0-9]{0,8})$ ]] && ((value >= $2 && value <= $3)); } ||
    die "$1 is not a whole number from $2 to $3: $value"
}

# Role, webhook secret, admin token and tracking, by the given SQL command.
provision() {
  local current
  if [[ ${CAL_WEBHOOK_SECRET-} && $CAL_WEBHOOK_SECRET != "${kept[webhook_secret]-}" ]]; then
    keep webhook_secret "$CAL_WEBHOOK_SECRET"
    export SET_SECRET=always
  else
    [[ ${kept[webhook_secret]-} ]] || keep webhook_secret "whsec_$(random_hex 24)"
    export SET_SECRET=first
  fi
  [[ ${kept[admin_token]-} ]] || keep admin_token "cal_$(random_hex 24)"
  current=$(WEBHOOK_SECRET=${kept[webhook_secret]} ADMIN_TOKEN=${kept[admin_token]} \
    "$@" <"$ops/provision.sql")
  [[ $current == t ]] ||
    say "The webhook secret was changed in the database; the one shown below is not the current one."
}
