#!/bin/sh
# Installs the Debian packages named that are not there yet.
set -eu
missing=""
for package in "$@"; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo

# Another apt may be at work, on a fresh machine the system's own: waits for it. For the lists apt has no such waiting.
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq "$@"; }
tries=1
until apt update; do
    [ "$tries" -lt 20 ] || exit 1
    tries=$((tries + 1))
    sleep 10
done
# shellcheck disable=SC2086
apt install -y --no-install-recommends $missing >/dev/null
