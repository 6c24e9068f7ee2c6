#!/usr/bin/env bash
# Builds what changed: build.sh extension|gateway|all ...; silent when nothing did.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
cd "$root"
# A tree that was moved or copied: CMake would go on building the one it was made in.
if [[ -e build/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" build/CMakeCache.txt; then
  rm -rf build/CMakeCache.txt build/CMakeFiles
fi
mkdir -p build
jobs=$(nproc)

configure() {
  step "Configuring the build of the gateway"
  cmake -S . -B build >build/cmake.log 2>&1 || {
    cat build/cmake.log >&2
    die "cmake found the above"
  }
}

cmake_build() {
  cmake --build build --parallel "$jobs" "$@" | sed -u '/^-- /d; /Built target/d; /^Consolidate/d'
}

for what in "$@"; do
  case $what in
    extension)
      config=$(pg_config_path)
      make --question PG_CONFIG="$config" all 2>/dev/null || {
        step "Building the extension for $("$config" --version)"
        make --silent --jobs="$jobs" PG_CONFIG="$config" all
      } ;;
    gateway)
      [[ -e build/CMakeCache.txt ]] || configure
      cmake_build --target calytics-gateway ;;
    all)
      # Anew, for GoogleTest may be new here.
      configure
      cmake_build
      "$0" extension ;;
    *) die "build.sh: nothing is called $what" ;;
  esac
done
