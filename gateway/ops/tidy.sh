#!/usr/bin/env bash
# clang-tidy for one C++ file: tidy.sh FILE. A file that passed is looked at again only when it, a
# header or the rules change. Needs the compile commands in build/, but for the extension's glue,
# which PGXS builds.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
cd "$root"

file=$1
passed=build/tidy/$({
  cat .clang-tidy extension/*/*.hpp gateway/src/*.hpp "$file"
  echo "$file"
} | sha256sum | cut -c 1-32)
[[ ! -e $passed ]] || exit 0

if [[ $file == extension/glue/* ]]; then
  arguments=("$file" -- -std=c++20 -Wno-register -Iextension
    -isystem "$("$(pg_config_path)" --includedir-server)"
    '-DPGDLLEXPORT=__attribute__((visibility("default")))')
else
  arguments=(-p build "$file")
fi
# What it counts on the error stream are warnings it suppressed, in headers of others.
if clang-tidy --quiet "${arguments[@]}" 2> >(grep -v 'warnings\? generated' >&2); then
  mkdir -p "${passed%/*}"
  touch "$passed"
else
  say "clang-tidy: $file"
  exit 1
fi
