# Functions for the trials of Scripts/test-faults. The variable `work` is the folder of the inputs, the shim and the reference
# tree, and `distill` is the binary.

# inputs FOLDER creates a tiny teacher, texts in the words of its vocabulary, and a pipeline that has every stage.
inputs() {
  mkdir -p "$1"
  cp -R Tests/BERTTests/Fixtures/teacher "$1/teacher"
  rm "$1/teacher/projection-head.safetensors"
  awk -v folder="$1" 'BEGIN {
    split("good great fine|bad poor dull|long short book", moods, "|"); split("positive negative neutral", names, " ")
    count = split("the film was a very|it is not to of|the play in it was|a cast of plot is|the score , a book|! was the long plot", frames, "|")
    for (part = 0; part < 2; part++) {
      file = folder (part ? "/validation.tsv" : "/train.tsv")
      print "text\tmood" > file
      for (row = part ? 40 : 0; row < (part ? 52 : 40); row++) {
        mood = row % 3 + 1; split(moods[mood], words, " ")
        print frames[row * 7 % count + 1] " " words[row * 5 % 3 + 1] " " substr("bcdefghijklmnopq", row % 16 + 1, 1) "\t" names[mood] > file
      }
    }
  }'
  cat >"$1/pipeline.yaml" <<'YAML'
version: 1
name: tiny
task: {use: tsv, train: train.tsv, validation: validation.tsv, label: mood, max_length: 16, hold_out: 0.2}
teacher:
  use: supervised-contrastive-head
  fit: {epochs: 2, batch_size: 16}
  base: {use: bert, checkpoint: teacher, fine_tune: {epochs: 2, batch_size: 16, learning_rate: 0.001}}
student: {use: bert, from_teacher_layers: [2, 4]}
losses:
  - {use: soft-cross-entropy}
  - {use: relational-kl, weight: 0.5}
  - {use: attention-kl, weight: 0.5}
knowledge_base:
  retriever: {use: hnsw, m: 4, ef_construction: 16, ef_search: 16}
  choose: {neighbours: [2, 4], beta: [0.3, 0.5], temperature: [0.1]}
training: {epochs: 2, batch_size: 16, learning_rate: 0.001}
output: runs/tiny
YAML
}

# run_in FOLDER LOG [ARGUMENT...] runs the pipeline in FOLDER/tiny and redirects its output to LOG.
run_in() {
  local folder=$1 log=$2
  shift 2
  "$distill" run "$work/inputs/pipeline.yaml" --output "$folder/tiny" --threads 1 "$@" >"$log" 2>&1
}

# struck KIND NUMBER FOLDER LOG [ARGUMENT...] does the same with a fault at the NUMBERth operation below FOLDER, and prints the
# exit status.
struck() {
  local status=0
  DISTILL_FAULT_KIND=$1 DISTILL_FAULT_AT=$2 DISTILL_FAULT_ROOT=$3 DISTILL_FAULT_LOG=$4.operations \
    DISTILL_FAULT_FORGET=$3/prepared-teachers:$3/teacher-answers LD_PRELOAD=$work/shim.so run_in "$3" "${@:4}" || status=$?
  echo "$status"
}

# normalise FOLDER removes times, speeds and paths from its runs, which differ between equal runs.
normalise() {
  local run
  # A lock file that could not be emptied still names its last holder, which has no effect.
  find "$1" -name '.*lock' -type f -exec truncate -s 0 {} +
  for run in "$1"/*/; do
    [ -f "$run/run.json" ] || continue
    sed -i -E "s|$work/(trials/[^/]*/)?[a-z]*/tiny|RUN|g" "$run"/*.{json,jsonl,html,yaml}
    sed -i -E '/"seconds" : \{/,/\}/d; s/"(peak_memory|speed)" : [0-9.e+-]+/"\1" : 0/; s/"seconds":[0-9.e+-]+/"seconds":0/' \
      "$run"/*.{json,jsonl}
    sed -i -E 's/"time" : "[^"]*"/"time" : ""/' "$run"/knowledge-base/manifest.json
    sed -i -E 's|<td>[0-9.]+</td></tr>|<td></td></tr>|g; s/[0-9]+ MiB of memory//; /<svg/,/<\/svg>/d' "$run/report.html"  # the chart shows speeds
  done 2>/dev/null
}

# same FOLDER normalises a tree and prints how it differs from the reference.
same() {
  normalise "$1"
  { diff -rq --no-dereference "$work/reference" "$1" || true; } | sed "s|$work/reference|REFERENCE|g; s|$1|RUNS|g"
}

# flip FILE PLACE PLACES inverts a bit of a file, at one of PLACES places, which are denser towards the beginning of the file.
flip() {
  local size at byte
  size=$(stat -c %s "$1")
  at=$((size * $2 * $2 / ($3 * $3)))
  byte=$(od -An -tu1 -j "$at" -N 1 "$1")
  printf "\\x$(printf %02x $((byte ^ 1 << ($2 % 7))))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

# answers FOLDER prints the predictions and the evaluation of a finished run.
answers() {
  tail -n +2 "$work/inputs/validation.tsv" | cut -f 1 | "$distill" predict "$1/tiny" --format jsonl --threads 1 &&
    "$distill" evaluate "$1/tiny" --format json --threads 1 | sed -E 's/"speed" : [0-9.e+-]+/"speed" : 0/'
}
