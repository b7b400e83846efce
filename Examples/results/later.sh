#!/usr/bin/env bash
# Intents that are taught to a finished run, without training: for each of five draws a student is distilled on 62 intents of BANKING77, and
# then taught n texts of each of the 15 others (0, 5, 10, 20 or all). From the top of the project:
#
#   Examples/results/later.sh [DRAW…] > later.tsv
#
# Output: a line for each draw, n and row: accuracy on all 77 intents, on the 62, on the 15, and their harmonic mean; and for n = 0 the
# AUROC of novelty. Set DISTILL to use another program, and RUNS for another folder of the runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=data/banking77 distill=${DISTILL:-distill} runs=${RUNS:-runs/results/later}
mkdir -p "$runs"
runs=$(cd "$runs" && pwd)

# The first n texts of each intent of a draw (or of all others), in the layout of the training file.
texts() { # FILE DRAW taught|others N
  awk -F '\t' -v draw="$2" -v kind="$3" -v most="$4" '
    FNR == NR { if ($1 == draw) { n = split($2, names, " "); for (i = 1; i <= n; i++) late[names[i]] = 1 } next }
    FNR == 1 { print; next }
    (kind == "taught") == ($2 in late) && seen[$2]++ < most' "$data/later.tsv" "$1"
}

# The rows of an evaluation: name, accuracy, and where labels were taught later, accuracy on both kinds and their harmonic mean.
rows() { # DRAW N RUN OPTION…
  local draw=$1 n=$2 run=$3
  shift 3
  "$distill" evaluate "$run" --data "$data/test.tsv" "$@" | awk -v draw="$draw" -v n="$n" '
    function cells(line) { match(line, /  +[0-9]/); name = substr(line, 1, RSTART - 1); count = split(substr(line, RSTART), cell, " ") }
    /^accuracy +[0-9]+ texts/ { second = 1; next }
    /AUROC of/ { match($0, /AUROC of [0-9.]*[0-9]/); area = substr($0, RSTART + 9, RLENGTH - 9) }
    !/^(student|readout)/ { next }
    { cells($0) }
    !second { all[name] = cell[1]; order[++rows] = name; next }
    { known[name] = cell[1]; taught[name] = count > 1 ? cell[2] : ""; both[name] = cell[3] }
    END { for (i = 1; i <= rows; i++) { name = order[i]; print draw, n, name, all[name], known[name], taught[name], both[name], area } }' OFS='\t'
}

printf 'draw\tn\trow\tall\tknown\ttaught\tharmonic\tauroc\n'
[ $# -gt 0 ] || set -- 1 2 3 4 5
for draw in "$@"; do
  run=$runs/$draw
  texts "$data/train.tsv" "$draw" others 100000 > "$runs/$draw-train.tsv"
  texts "$data/test.tsv" "$draw" others 100000 > "$runs/$draw-test.tsv"
  [ -e "$run/report.json" ] || "$distill" run Examples/results/banking77.yaml --output "$run" --set precision=bfloat16 \
    --set training.seed="$draw" --set task.train="$runs/$draw-train.tsv" --set task.validation="$runs/$draw-test.tsv" \
    --set 'baselines={undistilled: false}' >&2
  "$distill" knowledge revert "$run" 1 >&2
  rows "$draw" 0 "$run" --readout student
  for n in 5 10 20 100000; do
    texts "$data/train.tsv" "$draw" taught "$n" > "$runs/$draw-taught.tsv"
    "$distill" knowledge revert "$run" 1 >&2
    "$distill" knowledge add "$run" "$runs/$draw-taught.tsv" >&2
    "$distill" knowledge refit "$run" >&2
    rows "$draw" "$n" "$run" --readout student --mixing '{neighbours: 8, beta: 0.5, temperature: 0.1, adaptive: false}' \
      | sed -n 's/student + knowledge base/mixing of the paper/p'
    rows "$draw" "$n" "$run"
  done
done
