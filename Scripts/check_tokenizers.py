"""Checks that tokenizers give the ids of Hugging Face `tokenizers`, and measures both: called by Scripts/test-python.

    check_tokenizers.py DISTILL_TOKENS [--texts FILE ...] [--size 30000] [--kinds roberta,xlmr] [--scalars] [--charsmap FILE] [--time]

Every kind of Scripts/fixtures/text_tokenizers.py is trained on the texts, all columns of tab-separated files; without any, those of Examples. The texts, pairs of them, and texts of random characters must have the same ids; with --scalars also every Unicode scalar, alone,
between letters, after a mark and doubled. What is written must give transformers the same ids. --charsmap names SentencePiece's
`precompiled_charsmap`, as a trained model contains it. --time prints the seconds of both on one thread, in turn.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.path.insert(0, str(pathlib.Path(__file__).parent / "fixtures"))

from text_tokenizers import KINDS, cases, encode, examples, small_charsmap, train  # noqa: E402
from text_unicode_tables import SCALARS  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402


def ours(program, folder, inputs):
    lines = "".join(json.dumps(dict(text=text, pair=pair, max=most)) + "\n" for text, pair, most in inputs)
    answer = subprocess.run([program, folder], input=lines, capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()


def compare(program, folder, tokenizer, inputs, what):
    wrong = 0
    for start in range(0, len(inputs), 100_000):
        part = inputs[start:start + 100_000]
        for case, found in zip(part, ours(program, folder, part), strict=True):
            encoding = encode(tokenizer, case)
            expected = " ".join(map(str, encoding.ids)) + "|" + "".join(map(str, encoding.type_ids))
            if found != expected:
                wrong += 1
                if wrong < 4:
                    print(f"  {case!a}\n    tokenizers {expected}\n    ours       {found}")
    print(f"  {what}: {len(inputs)} texts, {wrong} differences", flush=True)
    return wrong


def written(program, folder, scratch, inputs):
    """Asks transformers for the ids that the written files give."""
    from transformers import AutoTokenizer

    subprocess.run([program, folder, "--write", scratch], check=True)
    tokenizer = AutoTokenizer.from_pretrained(scratch)
    inputs = [case for case in inputs if case[1] != ""]  # which transformers takes for no pair
    found = ours(program, folder, inputs)
    wrong = 0
    for (text, pair, most), line in zip(inputs, found, strict=True):
        length = dict(max_length=most, truncation="longest_first") if most else {}
        wrong += line.split("|")[0] != " ".join(map(str, tokenizer(text, pair, **length)["input_ids"]))
    print(f"  transformers reads what is written: {len(inputs)} texts, {wrong} differences")
    return wrong


def measure(program, folder, tokenizer, texts, scratch):
    (scratch / "texts.json").write_text(json.dumps(texts))
    tokenizer.no_truncation()
    side = subprocess.Popen([program, folder, "--time", scratch / "texts.json"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    rounds = []
    for _ in range(9):
        started = time.perf_counter()
        tokenizer.encode_batch_fast(texts)
        theirs = time.perf_counter() - started
        print(file=side.stdin, flush=True)
        rounds.append((theirs, float(side.stdout.readline())))
    side.communicate()
    rounds = rounds[2:]  # both have seen the words by then
    ratios = sorted(a / b for a, b in rounds)
    theirs, mine = (1e3 * statistics.median(side) for side in zip(*rounds))
    print(f"  tokenizers {theirs:.1f} ms, ours {mine:.1f} ms, ratio {statistics.median(ratios):.1f} "
          f"({ratios[0]:.1f}-{ratios[-1]:.1f}), {len(texts)} texts")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--texts", nargs="+", type=pathlib.Path, default=[])
    options.add_argument("--size", type=int, default=1000)
    options.add_argument("--kinds", default=",".join(KINDS))
    options.add_argument("--scalars", action="store_true")
    options.add_argument("--charsmap", type=pathlib.Path)
    options.add_argument("--time", action="store_true")
    options = options.parse_args()
    texts = examples()
    if options.texts:
        lines = [line for path in options.texts for line in path.read_bytes().decode("utf-8-sig").split("\n")]
        texts = [column for line in lines for column in line.split("\t") if column]
    charsmap = options.charsmap.read_bytes() if options.charsmap else small_charsmap()
    pairs = list(zip(texts, texts[1:], [None, 128, 12, 33] * len(texts)))
    inputs = [(text, None, None) for text in texts] + pairs
    sweep = [(text, None, None) for c in map(chr, SCALARS) for text in (c, f"a{c}b", f"e\u0301{c}", c + c)]
    wrong = 0
    for kind in options.kinds.split(","):
        print(kind, flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            train(kind, texts, options.size, charsmap).save(str(scratch / "tokenizer.json"))
            tokenizer = Tokenizer.from_file(str(scratch / "tokenizer.json"))
            if options.time:
                measure(options.program, scratch, tokenizer, texts, scratch)
                continue
            mixed = cases(texts, 20_000, 1)
            wrong += compare(options.program, scratch, tokenizer, inputs, "texts and pairs")
            wrong += compare(options.program, scratch, tokenizer, mixed, "random characters")
            if options.scalars:
                wrong += compare(options.program, scratch, tokenizer, sweep, "all scalars")
            wrong += written(options.program, scratch, scratch / "written", mixed[:2000])
    sys.exit(wrong > 0)


main()
