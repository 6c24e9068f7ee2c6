#!/usr/bin/env bash
# clang-tidy for C++ files of one directory: tidy.sh FILE ... A file that passed is looked at again only
# when it, a header or the rules change.
#
# Most of the time goes into the headers of others, so several files are looked at as one text. That one
# passing is enough; where it doesn't, for a fault or because two files give something local the same
# name (which the compiler tells sooner), halves of it are looked at, and in the end single files, whose
# verdict it is.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
cd "$root"

analyzer=(-Xclang -analyzer-config -Xclang mode=shallow)
rules=$(cat .clang-tidy gateway/ops/tidy.sh extension/*/*/*.hpp gateway/src/*.hpp | sha256sum)
directory=${1%/*}
case $directory in
  extension/core/*) arguments=(-- -std=c++20 -Wall -Wextra -Iextension) ;;
  extension/glue | extension/glue/*)
    arguments=(-- -std=c++20 -Wall -Wextra -Wno-register -Iextension
      -isystem "$("$(pg_config_path)" --includedir-server)"
      '-DPGDLLEXPORT=__attribute__((visibility("default")))') ;;
  gateway/src)
    arguments=(-- -std=c++20 -Wall -Wextra -Igateway/src -isystem "$("$(pg_config_path)" --includedir)") ;;
  *) # What CMake compiles it with, file by file.
    arguments=(-p build)
    analyzer=("${analyzer[@]/#/--extra-arg=}") ;;
esac

mark() { # file
  printf 'build/tidy/%s\n' "$({
    echo "$rules $1"
    cat "$1"
  } | sha256sum | cut -c 1-32)"
}

# The analyzer follows calls into small functions only: into all, it takes five times as long. What
# clang-tidy counts on the error stream are warnings it suppressed, in headers of others.
tidy() { clang-tidy --quiet "$@" "${arguments[@]}" "${analyzer[@]}" 2> >(grep -v 'warnings\? generated' >&2); }

# Files as one text, in which no file includes what one before it did.
joined() { # file ...
  awk '/^ *#include/ { if (($0 in first) && first[$0] != FILENAME) next; first[$0] = FILENAME } 1' "$@"
}

pass() { # file ...
  if (($# == 1)); then
    tidy "$1" || {
      say "clang-tidy: $1"
      return 1
    }
  else
    local text half=$(($# / 2)) status=0
    text=build/tidy/$BASHPID.cpp
    joined "$@" >"$text"
    if ! g++ -fsyntax-only -w "${arguments[@]:1}" "$text" 2>/dev/null || ! tidy "$text" >/dev/null 2>&1; then
      rm "$text"
      pass "${@:1:half}" || status=1
      pass "${@:half + 1}" || status=1
      return "$status"
    fi
    rm "$text"
  fi
  local file
  for file in "$@"; do touch "$(mark "$file")"; done
}

mkdir -p build/tidy
files=()
for file in "$@"; do
  [[ -e $(mark "$file") ]] || files+=("$file")
done
((${#files[@]} == 0)) || pass "${files[@]}"
