# shellcheck shell=bash
# What the front door's scripts share: where things are, how they speak, and who they act as.
#
# Servers never run as root: started by root, they run as the system user `postgres` (or `nobody`
# where there is none), else as the caller. Root's rights are used only by as_root, for packages and
# for installing the extension, and sudo is asked only then.

set -euo pipefail
umask 022
# Without these, a script goes on if what it ran when Ctrl-C came took that as an ordinary end.
trap 'exit 130' INT
trap 'exit 143' TERM
unset MAKEFLAGS MFLAGS MAKELEVEL  # what a script makes is no part of the make that called it

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
ops=$root/gateway/ops
[[ -n ${PG_CONFIG-} ]] && export PG_CONFIG

say() { printf '%s\n' "$*"; }
step() { printf '==> %s\n' "$*"; }
die() {
  printf 'calytics: %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '          %s\n' "$@" >&2
  exit 1
}

# The directory that holds all of `make run`'s state, absolute.
state_dir() {
  local dir=${CALYTICS_DIR:-.calytics}
  [[ $dir == /* ]] || dir=$root/$dir
  printf '%s\n' "${dir%/}"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root's rights, and there is no sudo: $*" "Run it once as root, or install sudo."
  fi
}

server_user() {
  if ((EUID != 0)); then
    id -un
  elif id postgres >/dev/null 2>&1; then
    echo postgres
  else
    echo nobody
  fi
}

# Runs a command as the servers' user, in a directory that every user may enter.
as_server() (
  cd /
  if ((EUID == 0)); then
    user=$(server_user)
    HOME=/ exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
  fi
  exec "$@"
)

# Runs a command that starts a daemon, without the caller's terminal, locks and pipes.
detached() (
  for fd in /proc/self/fd/*; do
    fd=${fd##*/}
    ((fd <= 2)) || eval "exec $fd>&-"
  done
  as_server setsid "$@" </dev/null
)

random_hex() { od -An -v -tx1 -N"$1" /dev/urandom | tr -d ' \n'; }

# Whether anything accepts connections on that port of the loopback address.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Prints a port for something short-lived to listen on.
free_port() {
  local port
  for ((;;)); do
    port=$((20000 + RANDOM % 10000))
    port_taken "$port" || break
  done
  echo "$port"
}

check_port() { # variable, value
  if ! [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || (($2 > 65535)); then
    die "$1 is not a port: $2"
  fi
}

# Prints the status of a GET on a local HTTP server; nothing if it doesn't answer.
http_status() ( # host, port, path
  exec 3<>"/dev/tcp/$1/$2" || exit 0
  printf 'GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n' "$3" "$1" "$2" >&3
  read -r -t 15 _ status _ <&3 && printf '%s\n' "$status"
) 2>/dev/null

# Replaces a file of the caller's by standard input, whole or not at all, readable by no one else.
write_private() (
  umask 077
  cat >"$1.new"
  mv -f "$1.new" "$1"
)
