"""What the peers share: GLUE files, the encoder and its optimiser. Used by finetune.py and rival.py."""

import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn


@dataclass(frozen=True)
class Task:
    """Where a GLUE file keeps its text and its label."""

    folder: str
    text: tuple[int, ...]  # one column, or two for a pair
    label: int
    header: bool = True
    names: tuple[str, ...] | None = None  # labels spelt as words, in class order
    classes: int = 2  # 1: a score, learnt by regression


TASKS = {
    "mrpc": Task("MRPC", (3, 4), 0),
    "rte": Task("RTE", (1, 2), 3, names=("entailment", "not_entailment")),
    "cola": Task("CoLA", (3,), 1, header=False),
    "sst-2": Task("SST-2", (0,), 1),
    "sts-b": Task("STS-B", (7, 8), 9, classes=1),
}


@dataclass(frozen=True)
class Example:
    texts: tuple[str, ...]
    label: int | float


def read_glue(folder, task, split):
    """Reads DIR/train.tsv or DIR/dev.tsv. Tabs alone part the fields: GLUE's quotes are plain characters."""
    path = Path(folder) / f"{split}.tsv"
    lines = [line for line in path.read_text(encoding="utf-8-sig").split("\n") if line]
    examples = []
    for line in lines[task.header :]:
        fields = line.split("\t")
        label = fields[task.label]
        if task.names:
            label = task.names.index(label)
        else:
            label = float(label) if task.classes == 1 else int(label)
        examples.append(Example(tuple(fields[column] for column in task.text), label))
    return examples


def tokenise(tokenizer, examples, max_length=128):
    """Pads to the longest of these examples, cuts at `max_length`."""
    texts = zip(*(example.texts for example in examples))
    return tokenizer(
        *(list(column) for column in texts),
        padding="longest",
        truncation=True,
        max_length=max_length,
        return_tensors="pt",
    )


def keep_layers(bert, numbers):
    """Leaves only the layers with these 1-based numbers."""
    layers = bert.encoder.layer
    if not all(1 <= number <= len(layers) for number in numbers):
        raise SystemExit(f"--layers: this model has layers 1 to {len(layers)}, not {numbers}")
    bert.encoder.layer = nn.ModuleList(layers[number - 1] for number in numbers)
    bert.config.num_hidden_layers = len(numbers)


def adamw(module, learning_rate, **options):
    """AdamW, decay 0.01 on matrices only: biases and LayerNorm vectors, all of rank 1, are not decayed."""
    parameters = list(module.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.999), eps=1e-8, **options)


def versions():
    """Prints the versions in use to standard error, and returns them."""
    found = {"python": sys.version.split()[0]}
    found |= {name: version(name) for name in ("torch", "transformers", "tokenizers")}
    print(" ".join(f"{name} {number}" for name, number in found.items()), file=sys.stderr, flush=True)
    return found
