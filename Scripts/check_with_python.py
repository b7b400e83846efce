"""Checks with the real libraries that they read a model folder of swift-distill as this program does.

Usage: check_with_python.py DISTILL MODEL_FOLDER TEXTS

MODEL_FOLDER is the `student` or `teacher` of a run, TEXTS a file with one text a line. The embeddings and logits of `distill embed`
are compared with those of `SentenceTransformer(folder).encode`, of the module in `classifier` on top of it, and, where the readout
is the pooler, of the class for sequence classification of `transformers`. `AutoModel` must find all weights of the encoder.

Requires: torch, transformers, sentence-transformers, safetensors.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Dense
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

distill, folder, texts = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
lines = texts.read_text(encoding="utf-8").splitlines()
with tempfile.TemporaryDirectory() as scratch:
    out = pathlib.Path(scratch) / "ours.safetensors"
    subprocess.run(
        [distill, "embed", folder, texts, "--activation", "embedding", "logits", "--output", out], check=True,
        stderr=subprocess.DEVNULL)
    ours = load_file(out)


def compare(what: str, theirs: torch.Tensor, mine: torch.Tensor) -> None:
    deviation = ((theirs - mine).abs().max() / mine.abs().max()).item()
    print(f"{what}: largest deviation {deviation:.1e} of the largest value")
    if not deviation < 2e-5:
        sys.exit(f"{what} differ")


model = SentenceTransformer(str(folder), device="cpu")
encoded = model.encode(lines, convert_to_tensor=True)
compare("embeddings of SentenceTransformer", encoded, ours["embedding"])
classifier = Dense.load(str(folder / "classifier"))
with torch.no_grad():
    compare("logits of Dense", classifier({"sentence_embedding": encoded})["sentence_embedding"], ours["logits"])

_, loading = AutoModel.from_pretrained(folder, output_loading_info=True)
if missing := [name for name in loading["missing_keys"] if not name.startswith("pooler.")]:
    sys.exit(f"AutoModel misses {missing}")
architecture = json.loads((folder / "config.json").read_text())["architectures"][0]
if architecture.endswith("ForSequenceClassification"):
    tokenizer, whole = AutoTokenizer.from_pretrained(folder), AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        logits = torch.cat([whole(**tokenizer(line, return_tensors="pt")).logits for line in lines])
    compare(f"logits of {architecture}", logits, ours["logits"])
