# What the scripts share: a place to stand in, and the packages that a bare Debian machine lacks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*" >&2; }
stop() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The Swift toolchain is not in Debian, so it can only be asked for.
require_swift() {
  command -v swift >/dev/null || stop "Swift 6.2 or newer is needed: https://www.swift.org/install/linux/"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
  set -- $version
  [ "$#" = 2 ] || stop "cannot tell the version of $(command -v swift)"
  [ "$1" -gt 6 ] || { [ "$1" = 6 ] && [ "$2" -ge 2 ]; } || stop "Swift 6.2 or newer is needed, this is $1.$2"
}

# install COMMAND_OR_HEADER:PACKAGE ... installs the packages whose commands or pkg-config modules are missing.
install_missing() {
  local missing=() entry probe
  for entry in "$@"; do
    probe=${entry%%:*}
    command -v "$probe" >/dev/null || pkg-config --exists "$probe" 2>/dev/null || missing+=("${entry#*:}")
  done
  [ "${#missing[@]}" = 0 ] && return
  command -v apt-get >/dev/null || stop "please install: ${missing[*]} (on macOS: brew install openblas libyaml pkg-config)"
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || stop "please install as root: ${missing[*]}"
    sudo=(sudo)
  fi
  say "Installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null
}

prepare() {
  require_swift
  install_missing pkg-config:pkg-config
  install_missing openblas:libopenblas-dev yaml-0.1:libyaml-dev
}
