"""One ReAugKD training step in eager PyTorch: the rival for speed.

Written for torch 2.15.0, transformers 5.23.0, tokenizers 0.23.3, Python 3.11; prints those it finds on standard error.

A step: forward through the whole teacher without gradients, forward and backward through the student (dropout 0.1),
cross-entropy with the teacher's soft labels + KL of the cosine relations at temperature 0.1, clip to norm 1.0, fused
AdamW (decay 0.01, none on biases and LayerNorm). The teacher keeps its given weights: speed does not depend on them.
Texts are tokenised before the clock starts. Prints one JSON line; padding is not counted in `tokens_per_second`.
"""

import argparse
import json
import random
import statistics
import time

import torch
from peers import TASKS, adamw, keep_layers, read_glue, tokenise, versions
from torch import nn
from torch.nn import functional as F
from transformers import AutoTokenizer, BertModel
from transformers.utils import logging


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True, help="folder in Hugging Face layout")
    parser.add_argument("--data", help="folder with MRPC's train.tsv, for real lengths (default: 128 tokens each)")
    parser.add_argument("--layers", default="2,4,6", help="teacher layers, 1-based, that the student is made of")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3, help="steps before the clock starts")
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def batches(options, vocabulary):
    """As many different batches as there are steps."""
    count = options.warmup + options.steps
    if not options.data:
        ids = torch.randint(1000, vocabulary, (count, options.batch, 128))
        return [{"input_ids": batch, "attention_mask": torch.ones_like(batch)} for batch in ids]
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    examples = read_glue(options.data, TASKS["mrpc"], "train")
    random.Random(options.seed).shuffle(examples)
    full = len(examples) // options.batch  # the train file's last, short batch is left out
    starts = [index % full * options.batch for index in range(count)]
    return [tokenise(tokenizer, examples[start : start + options.batch]) for start in starts]


class Classifier(nn.Module):
    """BERT with a classifier on its pooler: the embedding [B, H] and the logits [B, 2]."""

    def __init__(self, bert):
        super().__init__()
        self.bert, self.output = bert, nn.Linear(bert.config.hidden_size, 2)

    def forward(self, inputs):
        embedding = self.bert(**inputs).pooler_output
        return embedding, self.output(embedding)


def main():
    options = arguments()
    found = versions()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    def bert():
        return BertModel.from_pretrained(
            options.model,
            dtype=torch.float32,
            attn_implementation=options.attention,
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.1,
        )

    teacher, student = Classifier(bert()).eval(), Classifier(bert()).train()
    keep_layers(student.bert, [int(number) for number in options.layers.split(",")])
    width = student.bert.config.hidden_size
    head = nn.Linear(width, width)
    optimiser = adamw(student, 5e-5, fused=True)

    def step(inputs):
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            with torch.no_grad():
                embedding, logits = teacher(inputs)
                z = F.normalize(head(embedding).float(), dim=-1)
                soft = logits.float().softmax(-1)
            embedding, logits = student(inputs)
            x = F.normalize(embedding.float(), dim=-1)
            q = ((z @ z.T).float() / 0.1).softmax(-1)
            r = ((x @ z.T).float() / 0.1).log_softmax(-1)
            loss = F.cross_entropy(logits.float(), soft) + F.kl_div(r, q, reduction="batchmean")
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        return loss.item()

    seconds, tokens = [], 0
    for index, inputs in enumerate(batches(options, student.bert.config.vocab_size)):
        start = time.perf_counter()
        step(inputs)
        if index >= options.warmup:
            seconds.append(time.perf_counter() - start)
            tokens += int(inputs["attention_mask"].sum())
    line = {"lengths": "mrpc" if options.data else "128", "precision": "bf16" if options.bf16 else "fp32"}
    line |= {name: getattr(options, name) for name in ("attention", "layers", "batch", "threads", "steps")}
    line |= {"seconds_per_step": round(statistics.median(seconds), 4)}
    line |= {"tokens_per_second": round(tokens / sum(seconds)), "versions": found}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
