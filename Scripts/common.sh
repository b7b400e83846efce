# Shared functions of the scripts. Sourcing this file also changes to the root of the repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*" >&2; }
stop() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Checks the version of Swift. Debian has no package of it, so it cannot be installed here.
require_swift() {
  command -v swift >/dev/null || stop "Swift 6.2 or newer is needed: https://www.swift.org/install/linux/"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
  set -- $version
  [ "$#" = 2 ] || stop "cannot tell the version of $(command -v swift)"
  [ "$1" -gt 6 ] || { [ "$1" = 6 ] && [ "$2" -ge 2 ]; } || stop "Swift 6.2 or newer is needed, this is $1.$2"
}

# install_missing COMMAND_OR_MODULE:PACKAGE ... installs the packages whose commands or pkg-config modules are missing.
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

# Makes sure that the package can be built.
prepare() {
  require_swift
  install_missing pkg-config:pkg-config
  install_missing openblas:libopenblas-dev yaml-0.1:libyaml-dev
}

# small_clone FOLDER creates a folder that looks to a pipeline like a clone with MiniLM and the files of GLUE, but has few texts:
# the examples, six training texts of each intent, and small tables in the columns of GLUE.
small_clone() {
  local intents=$1/Examples/support-intents glue=$1/data/glue
  mkdir -p "$glue/MRPC" "$glue/CoLA"
  cp -R Examples "$1"
  ln -s "$PWD/models" "$PWD/Scripts" "$PWD/.build" "$1"
  awk -F '\t' 'NR == 1 || ++seen[$2] <= 6' Examples/support-intents/train.tsv >"$intents/train.tsv"
  awk -F '\t' 'NR == 1 || ++seen[$2] <= 2' Examples/support-intents/validation.tsv >"$intents/validation.tsv"
  awk -F '\t' 'BEGIN {print "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"}
    NR > 1 && NR < 18 {print NR % 2 "\t1\t2\t" last "\t" $1} {last = $1}' "$intents/train.tsv" >"$glue/MRPC/train.tsv"
  awk -F '\t' 'NR > 1 && NR < 18 {print "a\t" NR % 2 "\t\t" $1}' "$intents/train.tsv" >"$glue/CoLA/train.tsv"
  for task in MRPC CoLA; do cp "$glue/$task/train.tsv" "$glue/$task/dev.tsv"; done
}

# symbol_graphs FOLDER writes the symbol graphs of the public declarations of every library as FOLDER/MODULE/*.json, and prints
# the names of the modules.
symbol_graphs() {
  local modules triple file name
  modules=$(swift build -c release --show-bin-path)
  triple=$(swift -print-target-info | sed -n 's/^ *"triple" *: *"\([^"]*\)".*/\1/p' | head -n 1)
  for file in "$modules"/Modules/Distill*.swiftmodule; do
    name=$(basename "$file" .swiftmodule)
    mkdir -p "$1/$name"
    swift-symbolgraph-extract -module-name "$name" -target "$triple" -minimum-access-level public -output-dir "$1/$name" \
      -I "$modules/Modules" -Xcc -fmodule-map-file="$modules/CDistillKernels.build/module.modulemap" \
      -Xcc -fmodule-map-file=Sources/Core/OpenBLAS/module.modulemap \
      -Xcc -fmodule-map-file=Sources/Core/LibYAML/module.modulemap >&2
    echo "$name"
  done
}
