#!/usr/bin/env bash
# `make deb`: Debian packages of the extension, for the PostgreSQL that is meant, and of the gateway, into DIR (build/deb if
# none is named). What they hold beside what is built here is in gateway/debian; which libraries they need, dpkg-shlibdeps
# finds out. The same commit makes the same packages.
. "$(dirname "$0")/lib.sh"
. "$ops/postgres.sh"
out=$(realpath -m "${1:-$root/build/deb}")
cd "$root"

"$ops/deps.sh" deb
command -v dpkg-deb dpkg-shlibdeps >/dev/null || die "packages are made by dpkg-deb and dpkg-shlibdeps, of Debian's dpkg-dev"
"$ops/build.sh" extension gateway

version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" extension/calytics.control)
major=$("$(pg_config_path)" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
export SOURCE_DATE_EPOCH

put() { install -D -m "$1" "$2" "$3"; }      # mode, file, where
put_binary() { put "$1" "$2" "$3" && strip --strip-unneeded "$3"; }
pack() { gzip -9nc "$1" | install -D -m 644 /dev/stdin "$2"; }

documents() { # of a package
  local place=$1/usr/share/doc/${1##*/}
  put 644 LICENSE "$place/copyright"
  pack CHANGELOG.md "$place/changelog.gz"
  pack README.md "$place/README.md.gz"
}

# The packages of the libraries that a program needs, with the versions that it was built with.
libraries() {
  local file
  file=$(realpath "$1")
  mkdir -p "$out/debian"
  printf 'Source: calytics\n\nPackage: calytics\nArchitecture: any\n' >"$out/debian/control"
  (cd "$out" && dpkg-shlibdeps --warnings=0 -O "$file" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}

build_package() { # directory, its control file in gateway/debian, its program
  local stage=$1 size needs
  documents "$stage"
  needs=$(libraries "$3")
  [[ $needs ]] || die "dpkg-shlibdeps doesn't know what $3 needs"
  size=$(du -k --apparent-size -s "$stage" | cut -f1)
  mkdir -p "$stage/DEBIAN"
  sed -e "s/@MAJOR@/$major/g" -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
    -e "s/@LIBRARIES@/$needs/" -e "s/@SIZE@/$size/" "gateway/debian/$2" >"$stage/DEBIAN/control"
  (cd "$stage" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  dpkg-deb --root-owner-group --build "$stage" "$out/${stage##*/}_${version}_$architecture.deb" >/dev/null
  rm -rf "$stage"
  say "${out#"$root/"}/${stage##*/}_${version}_$architecture.deb"
}

step "Making packages of $version"
rm -rf "$out"
mkdir -p "$out"

package=$out/postgresql-$major-calytics
library=$package/usr/lib/postgresql/$major/lib/calytics.so
put_binary 644 calytics.so "$library"
for file in extension/calytics.control "extension/calytics--$version.sql"; do
  put 644 "$file" "$package/usr/share/postgresql/$major/extension/${file##*/}"
done
build_package "$package" postgresql-calytics.control "$library"

package=$out/calytics-gateway
put_binary 755 build/gateway/calytics-gateway "$package/usr/bin/calytics-gateway"
put 644 gateway/debian/calytics-gateway.service "$package/lib/systemd/system/calytics-gateway.service"
put 600 gateway/debian/gateway.env "$package/etc/calytics/gateway.env"
for file in gateway/proxy/*; do
  put 644 "$file" "$package/usr/share/doc/calytics-gateway/examples/${file##*/}"
done
for script in postinst prerm postrm; do
  put 755 "gateway/debian/calytics-gateway.$script" "$package/DEBIAN/$script"
done
echo /etc/calytics/gateway.env >"$package/DEBIAN/conffiles"
build_package "$package" calytics-gateway.control "$package/usr/bin/calytics-gateway"
rm -rf "$out/debian"
