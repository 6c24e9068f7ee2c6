#!/usr/bin/env bash
# Installs what is missing from Debian's packages for the purposes named: deps.sh run|client|deb|demo|check|bench|page ...
# (client: as run, for a PostgreSQL that runs elsewhere). Asks for sudo only if something is missing.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"

packages=()
tools=() # command:package, for what also comes from elsewhere, such as a newer Node.js
servers=() # command:package, for what tests start by themselves, and Debian would once it is installed

for purpose in "$@"; do
  case $purpose in
    client | run | deb | check | bench)
      packages+=(g++ make cmake pkg-config libpq-dev libpoco-dev libsimdjson-dev libssl-dev liblz4-dev zlib1g-dev ca-certificates) ;;&
    run | deb | check | bench)
      tools+=(node:nodejs npm:npm) ;;&
    client)
      tools+=(psql:postgresql-client) ;;
    deb)
      packages+=(dpkg-dev) ;;
    demo)
      tools+=(node:nodejs) ;;
    check | page)
      tools+=(chromium) ;;&
    check)
      packages+=(libgtest-dev clang-format clang-tidy shellcheck dpkg-dev fakeroot)
      servers+=(caddy:caddy nginx:nginx) ;;
    bench)
      packages+=(wrk) ;;
    run | page) ;;
    *) die "deps.sh: no such purpose: $purpose" ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  say "Not a Debian system: expecting these to be there: ${packages[*]} ${tools[*]%%:*} ${servers[*]%%:*}"
  exit
fi

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Use-Pty=0 "$@" </dev/null
}
known() { apt-cache show --quiet=2 "$1" >/dev/null 2>&1; }

# Unpacks servers' packages into build/servers, for nobody but the tests.
unpack() (
  mkdir -p "$root/build/servers" && cd "$root/build/servers" || return
  apt-get -q -o APT::Sandbox::User= download "$@" || return
  for package in "$@"; do
    dpkg-deb --extract "$package"_*.deb . || return
    rm "$package"_*.deb
  done
)

major=
if [[ " $* " =~ \ (run|deb|check|bench)\  && -z ${PG_CONFIG-} ]]; then
  major=$(pg_major)
  if [[ -z $major ]]; then
    # None is installed: take the one that Debian's `postgresql` stands for.
    known postgresql || apt_get update
    major=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')
    [[ $major ]] || die "apt knows no package postgresql; see /etc/apt/sources.list.d"
  fi
  packages+=("postgresql-$major" "postgresql-server-dev-$major" "postgresql-$major-hll")
fi

missing=()
# dpkg-query fails when a name is unknown to it, yet prints those that it knows.
installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package} ' "${packages[@]}" 2>/dev/null || true)"
for package in "${packages[@]}"; do
  [[ $installed == *" installed $package "* ]] || missing+=("$package")
done
for tool in "${tools[@]}"; do
  command -v "${tool%%:*}" >/dev/null || missing+=("${tool#*:}")
done
missing_servers=()
for server in "${servers[@]}"; do
  PATH=$PATH:/usr/sbin:$root/build/servers/usr/bin:$root/build/servers/usr/sbin \
    command -v "${server%%:*}" >/dev/null || missing_servers+=("${server#*:}")
done
if ((${#missing_servers[@]})); then
  step "Unpacking Debian's packages: ${missing_servers[*]}"
  unpack "${missing_servers[@]}" || {
    apt_get update
    unpack "${missing_servers[@]}"
  } || die "apt-get could not download: ${missing_servers[*]}"
fi
((${#missing[@]})) || exit 0

step "Installing from Debian's packages: ${missing[*]}"
if ((EUID != 0)) && ! command -v sudo >/dev/null; then
  die "these packages are missing, and there is no sudo to install them with:" "${missing[*]}" \
    "As root: apt-get install ${missing[*]}"
fi
# A newly installed server brings no cluster `main` of its own: ours is private, and none that the
# machine has is touched.
main_cluster=/etc/postgresql-common/createcluster.d/calytics.conf
if [[ $major && " ${missing[*]} " == *" postgresql-$major "* ]]; then
  trap 'as_root rm -f "$main_cluster"' EXIT
  as_root mkdir -p "${main_cluster%/*}"
  as_root tee "$main_cluster" >/dev/null <<<'create_main_cluster = false'
fi

for package in "${missing[@]}"; do
  known "$package" || {
    apt_get update
    break
  }
done
# Lists may be older than the archive, which keeps no superseded versions.
apt_get install --no-install-recommends "${missing[@]}" || {
  step "Updating the package lists and trying once more"
  apt_get update
  apt_get install --no-install-recommends "${missing[@]}"
} || die "apt-get could not install: ${missing[*]}"
