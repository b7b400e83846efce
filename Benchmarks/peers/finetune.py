"""Fine-tuning in PyTorch: the yardstick for what a teacher, or a student without distillation, scores on a GLUE task.

Written for torch 2.15.0, transformers 5.23.0, tokenizers 0.23.3, Python 3.11; prints those it finds on standard error.

Settings: fresh pooler and classifier (normal, standard deviation 0.02, zero bias); AdamW with weight decay 0.01, none
on biases and LayerNorm; linear warm-up over the first tenth of the steps, then linear decay to zero; gradients clipped
to norm 1.0; dropout 0.1; 128 tokens at most, each batch padded to its longest.

Prints one JSON line an epoch. `seconds` and `tokens` are those of training alone, and padding is not counted.
"""

import argparse
import json
import random
import time

import torch
from peers import TASKS, adamw, keep_layers, read_glue, tokenise, versions
from torch import nn
from torch.nn import functional as F
from transformers import AutoTokenizer, BertForSequenceClassification
from transformers.utils import logging


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True, help="folder in Hugging Face layout")
    parser.add_argument("--data", required=True, help="folder with the task's train.tsv and dev.tsv")
    parser.add_argument("--task", required=True, choices=TASKS)
    parser.add_argument("--layers", default="all", help="'all', or 1-based numbers such as 2,4,6")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--examples", type=int, help="train on this many, drawn with the seed (default: all)")
    return parser.parse_args()


def classifier(options, classes):
    model = BertForSequenceClassification.from_pretrained(
        options.model,
        num_labels=classes,
        dtype=torch.float32,
        attn_implementation="sdpa",
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        classifier_dropout=0.1,
    )
    for fresh in (model.bert.pooler.dense, model.classifier):
        nn.init.normal_(fresh.weight, std=0.02)
        nn.init.zeros_(fresh.bias)
    if options.layers != "all":
        keep_layers(model.bert, [int(number) for number in options.layers.split(",")])
    return model


def warmup_then_decay(optimiser, steps):
    """Factor min(s / 0.1n, (n − s) / 0.9n) for s = 0 … n − 1: the very first step has learning rate zero."""
    return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: min(s / (0.1 * steps), (steps - s) / (0.9 * steps)))


def batches(examples, size):
    return (examples[start : start + size] for start in range(0, len(examples), size))


def labels_of(examples):
    return torch.tensor([example.label for example in examples])


def loss_of(logits, labels):
    """Mean cross-entropy in nats, or mean squared error where the label is a score."""
    return F.mse_loss(logits.squeeze(-1), labels) if logits.shape[-1] == 1 else F.cross_entropy(logits, labels)


def correlation(a, b):
    return torch.corrcoef(torch.stack([a.double(), b.double()]))[0, 1].item()


def ranks(values):
    """Ranks with ties at their mean, for Spearman's correlation."""
    _, place, counts = values.unique(return_inverse=True, return_counts=True)
    return (counts.cumsum(0) - (counts - 1) / 2)[place]


@torch.no_grad()
def evaluate(model, tokenizer, examples):
    model.eval()
    logits = torch.cat([model(**tokenise(tokenizer, batch)).logits for batch in batches(examples, 64)])
    model.train()
    labels = labels_of(examples)
    scores = {"dev_loss": loss_of(logits, labels).item()}
    if logits.shape[-1] == 1:
        predicted = logits.squeeze(-1)
        scores |= {"pearson": correlation(predicted, labels), "spearman": correlation(ranks(predicted), ranks(labels))}
    else:
        predicted = logits.argmax(-1)
        hits = (predicted * labels).sum().item()
        scores["accuracy"] = (predicted == labels).double().mean().item()
        scores["f1"] = 2 * hits / max(1, (predicted.sum() + labels.sum()).item())
        # Matthews' coefficient is the correlation of two binary variables; a constant answer counts as zero.
        scores["matthews"] = correlation(predicted, labels) if len(predicted.unique()) > 1 else 0.0
    return {name: round(score, 4) for name, score in scores.items()}


def main():
    options = arguments()
    versions()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    shuffler = random.Random(options.seed)

    task = TASKS[options.task]
    train, dev = (read_glue(options.data, task, split) for split in ("train", "dev"))
    if options.examples:
        train = shuffler.sample(train, options.examples)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = classifier(options, task.classes).train()
    optimiser = adamw(model, options.learning_rate)
    schedule = warmup_then_decay(optimiser, -(-len(train) // options.batch) * options.epochs)

    for epoch in range(1, options.epochs + 1):
        shuffler.shuffle(train)
        total, tokens, start = 0.0, 0, time.perf_counter()
        for batch in batches(train, options.batch):
            inputs = tokenise(tokenizer, batch)
            loss = loss_of(model(**inputs).logits, labels_of(batch))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            total += loss.item() * len(batch)
            tokens += int(inputs["attention_mask"].sum())
        seconds = time.perf_counter() - start
        line = {"task": options.task, "layers": options.layers, "seed": options.seed, "epoch": epoch}
        line |= {"loss": round(total / len(train), 4), **evaluate(model, tokenizer, dev)}
        line |= {"seconds": round(seconds, 2), "tokens": tokens, "threads": options.threads}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
