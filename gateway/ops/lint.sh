#!/usr/bin/env bash
# `make lint`: layout (clang-format), the scripts (shellcheck), types (TypeScript) and defects (clang-tidy). All of it is
# looked at, whatever is found first. `make format` (--fix) rewrites layout instead.
. "$(dirname "$0")/lib.sh"
cd "$root"
"$ops/deps.sh" check

mapfile -t cpp < <(find extension gateway/src tests -name node_modules -prune -o \
  \( -name '*.cpp' -o -name '*.hpp' \) -print | sort)
if [[ ${1-} == --fix ]]; then
  clang-format -i "${cpp[@]}"
  exit
fi

failed=()
step "clang-format"
clang-format --dry-run -Werror "${cpp[@]}" || failed+=(clang-format)

step "shellcheck"
mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh$' .ci gateway/ops gateway/debian tests --exclude-dir=node_modules)
# Names cross files here, and what another shell is to expand stands in single quotes.
shellcheck -x -P gateway/ops -e SC2016,SC2034,SC2154 "${scripts[@]}" || failed+=(shellcheck)

step "TypeScript"
page=extension/web/dashboard
[[ -d $page/node_modules ]] || (cd "$page" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
(cd "$page" && node_modules/.bin/tsc --noEmit) || failed+=(TypeScript)

step "clang-tidy"
for directory in extension/glue extension/glue/*/ extension/core/*/ gateway/src; do
  printf '%s\n' "${directory%/}"/*.cpp | xargs -n 16
done | xargs -L 1 -P "$(nproc)" "$ops/tidy.sh" || failed+=(clang-tidy)

((${#failed[@]} == 0)) || die "found faults: ${failed[*]}"
