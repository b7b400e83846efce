"""Checks with the real libraries that `distill export` writes folders which answer as this program does.

Usage: check_export.py DISTILL RUN TEXTS

RUN is a finished run, TEXTS a file with one text a line, or two with a TAB between them. The answers of `distill predict` without the
knowledge base and the embeddings and logits of `distill embed` are compared with those of each exported folder: of ONNX Runtime, for
batches of several sizes and any padding; of `AutoModelForSequenceClassification`; and of `SentenceTransformer`. The program on each page
is run. `onnx.checker` must find nothing. A student that no class for sequence classification can express must be refused.

Requires: onnx, onnxruntime, torch, transformers, sentence-transformers, safetensors.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Dense
from transformers import AutoModelForSequenceClassification, AutoTokenizer

distill, run, texts = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
examples = [line.split("\t") for line in texts.read_text(encoding="utf-8").split("\n") if line]
scratch = tempfile.TemporaryDirectory()
outputs = pathlib.Path(scratch.name)


def export(format: str) -> subprocess.CompletedProcess:
    arguments = [distill, "export", run, "--format", format, "--output", outputs / format]
    return subprocess.run(arguments, capture_output=True, text=True)


def compare(what: str, theirs: np.ndarray, ours: np.ndarray) -> None:
    """Large numbers, such as those of a pooler's classifier, have to agree to a share of the largest one."""
    if theirs.shape != ours.shape:
        sys.exit(f"{what}: {theirs.shape} here, {ours.shape} there")
    deviation = float(np.abs(theirs - ours).max() / max(1, np.abs(ours).max()))
    print(f"{what}: largest deviation {deviation:.1e}")
    if not deviation < 1e-4:
        sys.exit(f"{what} differ")


def batches(count: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, count, size)]


def try_page(folder: pathlib.Path) -> None:
    program = re.search(r"```python\n(.*?)```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    outcome = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True)
    if outcome.returncode != 0:
        sys.exit(f"the program on the page of {folder.name} fails:\n{outcome.stderr}")


done = export("onnx")
if done.returncode != 0:
    sys.exit(done.stderr)
task = json.loads((outputs / "onnx" / "task.json").read_text(encoding="utf-8"))
labels = task.get("labels") or ["score"]
rows = [json.dumps(dict(zip(["text", "pair"], example))) for example in examples]
(outputs / "texts.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
columns = ["--text", "text"] + (["--pair", "pair"] if task["has_pairs"] else [])
answers = subprocess.run(
    [distill, "predict", run, outputs / "texts.jsonl", *columns, "--no-retrieval", "--readout", "student", "--format", "jsonl",
     "--scores"], check=True, stdout=subprocess.PIPE, text=True).stdout
answers = [json.loads(line)["student"] for line in answers.splitlines()]
probabilities = np.array([[answer[label] for label in labels] for answer in answers], dtype=np.float32)
subprocess.run(
    [distill, "embed", run / "student", texts, "--max-length", str(task["max_length"]), "--activation", "embedding",
     "logits", "--output", outputs / "ours.safetensors"], check=True, stderr=subprocess.DEVNULL)
ours = load_file(outputs / "ours.safetensors")

# ONNX
onnx.checker.check_model(str(outputs / "onnx" / "model.onnx"), full_check=True)
session = onnxruntime.InferenceSession(outputs / "onnx" / "model.onnx", providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
tokenizer = AutoTokenizer.from_pretrained(outputs / "onnx")


def encode(part: list[list[str]], **options) -> dict:
    columns = [list(column) for column in zip(*part)]
    return tokenizer(*columns, truncation=True, padding=True, **options)


for size, extra in [(1, 0), (7, 3), (64, 0)]:
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for part in batches(len(examples), size):
        inputs = encode(examples[part], return_tensors="np", return_token_type_ids=True)
        inputs = {name: inputs[name].astype(np.int64) for name in ["input_ids", "attention_mask", "token_type_ids"]}
        # What is in the padding must not matter, nor how much of it there is.
        more = min(extra, task["max_length"] - inputs["input_ids"].shape[1])
        inputs = {name: np.pad(value, ((0, 0), (0, more))) for name, value in inputs.items()}
        inputs["input_ids"][inputs["attention_mask"] == 0] = 3
        for name, value in zip(names, session.run(None, inputs)):
            found[name].append(value)
    result = {name: np.concatenate(values) for name, values in found.items()}
    where = f"ONNX Runtime in batches of {size}"
    compare(f"{where}: logits", result["logits"], ours["logits"])
    compare(f"{where}: embeddings", result["embedding"], ours["embedding"])
    compare(f"{where}: answers", result.get("probabilities", result["logits"]), probabilities)
if ("probabilities" in names) != (task["kind"] != "regression"):
    sys.exit(f"the outputs of a {task['kind']} are {names}")
try_page(outputs / "onnx")

# sentence-transformers
done = export("sentence-transformers")
if done.returncode != 0:
    sys.exit(done.stderr)
folder = outputs / "sentence-transformers"
model = SentenceTransformer(str(folder), device="cpu")
is_separate = ours["embedding"].shape[1] == 4 * model.get_sentence_embedding_dimension()
if is_separate:
    # Each text is shortened by itself there, so that pairs which are too long together are left out.
    whole = [row for row, part in enumerate(examples) if sum(map(len, tokenizer(part)["input_ids"])) - 1 <= task["max_length"]]
    u, v = (model.encode([examples[row][side] for row in whole], batch_size=5) for side in (0, 1))
    embeddings = np.concatenate([u, v, np.abs(u - v), u * v], axis=1)
else:
    whole = list(range(len(examples)))
    embeddings = model.encode([part[0] if len(part) == 1 else tuple(part) for part in examples], batch_size=5)
compare(f"SentenceTransformer, {len(whole)} of {len(examples)}: embeddings", embeddings, ours["embedding"][whole])
classifier = Dense.load(str(folder / "classifier"))
with torch.no_grad():
    logits = classifier({"sentence_embedding": torch.tensor(embeddings)})["sentence_embedding"].numpy()
compare("classifier of sentence-transformers: logits", logits, ours["logits"][whole])
try_page(folder)

# transformers
done = export("transformers")
pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
# The heads of these have no tanh, which would pass [CLS] on.
kind = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
is_bare = kind in ["distilbert", "electra"] and not (folder / "2_Dense").exists()
if is_separate or pooling["pooling_mode_mean_tokens"] or is_bare:
    reason = "pairs: separate" if is_separate else f"readout: {'mean' if pooling['pooling_mode_mean_tokens'] else 'cls'}"
    if done.returncode == 0 or reason not in done.stderr or (outputs / "transformers").exists():
        sys.exit(f"a student with {reason} was not refused: {done.stderr}")
    print(f"transformers: refused because of {reason}")
    sys.exit()
if done.returncode != 0:
    sys.exit(done.stderr)
folder = outputs / "transformers"
model, loading = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
if any(loading[key] for key in ["missing_keys", "unexpected_keys", "mismatched_keys"]):
    sys.exit(f"the weights do not fit: {loading}")
if [model.config.id2label[index] for index in range(len(labels))] != labels:
    sys.exit(f"the labels are {model.config.id2label}")
tokenizer = AutoTokenizer.from_pretrained(folder)
found = []
with torch.no_grad():
    for part in batches(len(examples), 5):
        found.append(model.eval()(**encode(examples[part], return_tensors="pt")).logits.numpy())
compare("AutoModelForSequenceClassification: logits", np.concatenate(found), ours["logits"])
try_page(folder)
