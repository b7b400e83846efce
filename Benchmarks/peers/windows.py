"""Makes a large set of real texts for `distill-bench search`: windows of twelve words that slide over the sentences of TSV files.

    python peers/windows.py 1000000 ../data/glue/*/train.tsv ../data/banking77/train.tsv > keys.txt
    python peers/windows.py 2000 ../data/glue/*/dev.tsv ../data/banking77/test.tsv > queries.txt

A window may cross from one sentence into the next. The windows are in random order, so that the first ones are a sample of all.
"""

import random
import sys

count, words = int(sys.argv[1]), []
for path in sys.argv[2:]:
    for line in open(path, encoding="utf-8-sig", newline="\n"):
        # A cell of five words or more is a sentence, and not a label or a number.
        words += [word for cell in line.rstrip("\n").split("\t") if cell.count(" ") >= 4 for word in cell.split()]
starts = random.Random(0).sample(range(len(words) - 12), count)
for start in starts:
    print(" ".join(words[start : start + 12]))
