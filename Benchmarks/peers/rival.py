"""A rival in a process of its own, for `distill-bench`: answers `N` on standard input with the seconds of the next N batches.

Written for torch 2.15.0, transformers 5.23.0, onnxruntime 1.31.1, tokenizers 0.23.3, Python 3.11. Batches and weights come from
the folder that distill-bench made, so both sides work on the same. A training step is as in Hugging Face's trainer, without its
overhead: forward, backward, clip to norm 1, fused AdamW with decay 0.01 on matrices. Batches are padded to their longest
sequence, before the clock starts.

Engines: `eager` (scaled_dot_product_attention), `-math` (plain attention, which alone has attention maps), `compiled`
(torch.compile with dynamic shapes), `-bf16` (autocast), `-cached` (the teacher's answers are given), `onnx`, `onnx-int8` (dynamic, with
a scale for each output), `tokenizers`.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import torch
from peers import adamw
from torch import nn
from torch.nn import functional as F


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("work")
    parser.add_argument("engine")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def padded(batch):
    length = max(map(len, batch["ids"]))
    rows = range(len(batch["ids"]))
    inputs = {name: torch.zeros(len(rows), length, dtype=torch.long) for name in ("input_ids", "attention_mask", "token_type_ids")}
    for row in rows:
        count = len(batch["ids"][row])
        inputs["input_ids"][row, :count] = torch.tensor(batch["ids"][row])
        inputs["token_type_ids"][row, :count] = torch.tensor(batch["types"][row])
        inputs["attention_mask"][row, :count] = 1
    return inputs, torch.tensor(batch["labels"])


class Classifier(nn.Module):
    """BERT with a classifier on its pooler, dropout before it: the parts that the losses read."""

    def __init__(self, folder, dropout, attention, maps=False):
        super().__init__()
        from transformers import BertForSequenceClassification
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        options = {} if dropout else {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        self.model = BertForSequenceClassification.from_pretrained(
            folder, dtype=torch.float32, attn_implementation=attention, **options
        )
        self.maps = maps

    def forward(self, **inputs):
        model = self.model
        answer = model.bert(**inputs, output_attentions=self.maps, output_hidden_states=self.maps)
        logits = model.classifier(model.dropout(answer.pooler_output))
        return answer.pooler_output, logits, answer.hidden_states, answer.attentions


def attention_kl(teacher, student, mask):
    """KL(teacher || student), mean over the real rows, heads and sequences."""
    pointwise = teacher * (teacher.clamp_min(1e-30).log() - student.clamp_min(1e-30).log())
    rows = pointwise.sum(-1).mean(1) * mask  # [B, T]
    return (rows.sum(1) / mask.sum(1)).mean()


class Training:
    """One step of the work."""

    def __init__(self, work, engine, folder, dropout, batches):
        parts = engine.split("-")
        attention = "eager" if "math" in parts else "sdpa"
        maps = work == "internal"
        self.work, self.bf16, self.cached = work, "bf16" in parts, "cached" in parts
        self.student = Classifier(folder / ("teacher" if work == "fine-tuning" else "student"), dropout, attention, maps).train()
        self.optimiser = adamw(self.student, 5e-5, fused=True)
        self.teacher = None
        if work != "fine-tuning":
            self.teacher = Classifier(folder / "teacher", False, attention, maps).eval()
            self.teacher.requires_grad_(False)
        if work.startswith("reaugkd"):
            from safetensors.torch import load_file

            self.head = nn.Linear(384, 384).requires_grad_(False)
            self.head.load_state_dict(load_file(folder / "teacher" / "projection-head.safetensors"))
        if "compiled" in parts:
            self.student = torch.compile(self.student, dynamic=True)
            self.teacher = self.teacher and torch.compile(self.teacher, dynamic=True)
        self.answers = [self.ask(inputs) for inputs, _ in batches] if self.cached else None

    def ask(self, inputs):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            embedding, logits, hidden, maps = self.teacher(**inputs)
            z = F.normalize(self.head(embedding).float(), dim=-1) if self.work.startswith("reaugkd") else None
            return z, logits.float().softmax(-1), hidden, maps

    def __call__(self, index, inputs, labels):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            if self.teacher is not None:
                z, soft, teacher_hidden, teacher_maps = self.answers[index] if self.cached else self.ask(inputs)
            embedding, logits, hidden, maps = self.student(**inputs)
            if self.work == "fine-tuning":
                loss = F.cross_entropy(logits.float(), labels)
            else:
                loss = F.cross_entropy(logits.float(), soft)
            if self.work.startswith("reaugkd"):
                x = F.normalize(embedding.float(), dim=-1)
                q = ((z @ z.T).float() / 0.1).softmax(-1)
                r = ((x @ z.T).float() / 0.1).log_softmax(-1)
                loss = loss + F.kl_div(r, q, reduction="batchmean")
            if self.work == "internal":
                for mine, theirs in ((1, 2), (2, 4), (3, 6)):
                    cosine = F.cosine_similarity(hidden[mine][:, 0].float(), teacher_hidden[theirs][:, 0].float())
                    loss = loss + (1 - cosine).mean()
                    loss = loss + attention_kl(
                        teacher_maps[theirs - 1].float(), maps[mine - 1].float(), inputs["attention_mask"].float()
                    )
        loss.backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return loss.item()


class Inference:
    def __init__(self, engine, folder):
        parts = engine.split("-")
        self.bf16 = "bf16" in parts
        self.model = Classifier(folder / "student", False, "sdpa").eval()
        if "compiled" in parts:
            self.model = torch.compile(self.model, dynamic=True)

    def __call__(self, _, inputs, labels):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            return self.model(**inputs)[1].float().sum().item()


class ONNXInference:
    def __init__(self, folder, threads, example, int8):
        import onnxruntime

        class Logits(nn.Module):
            def __init__(self):
                super().__init__()
                self.model = Classifier(folder / "student", False, "eager").eval()

            def forward(self, input_ids, attention_mask, token_type_ids):
                return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[1]

        names = ["input_ids", "attention_mask", "token_type_ids"]
        file = str(folder / "student.onnx")
        two = {name: torch.cat([tensor, tensor]) for name, tensor in example.items()}  # an extent of 1 would be fixed
        torch.onnx.export(
            Logits(), tuple(two[name] for name in names), file, input_names=names, output_names=["logits"],
            dynamic_axes={name: {0: "batch", 1: "length"} for name in names}, dynamo=False,
        )
        if int8:
            from onnxruntime.quantization import QuantType, quantize_dynamic

            whole, file = file, str(folder / "student-int8.onnx")
            quantize_dynamic(whole, file, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"])
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])

    def __call__(self, _, inputs, labels):
        logits = self.session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})[0]
        return float(logits.sum())


class Tokenizing:
    def __init__(self, folder, texts):
        from tokenizers import Tokenizer

        self.tokenizer, self.texts = Tokenizer.from_file(str(folder / "teacher" / "tokenizer.json")), texts
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def __call__(self, *_):
        self.tokenizer.encode_batch_fast(self.texts)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    workload = json.loads((options.folder / "workload.json").read_text())
    batches = [padded(batch) for batch in workload["batches"]]
    if options.work == "tokenizer":
        batches, step = [(None, None)], Tokenizing(options.folder, workload["texts"])
    elif options.work == "inference" and options.engine.startswith("onnx"):
        step = ONNXInference(options.folder, options.threads, batches[0][0], options.engine == "onnx-int8")
    elif options.work == "inference":
        step = Inference(options.engine, options.folder)
    else:
        step = Training(options.work, options.engine, options.folder, workload["usesDropout"], batches)

    index = 0
    for line in sys.stdin:
        seconds, losses = [], []
        for _ in range(int(line)):
            place = index % len(batches)
            start = time.perf_counter()
            loss = step(place, *batches[place])
            seconds.append(time.perf_counter() - start)
            losses += [] if loss is None else [loss]
            index += 1
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "losses": losses, "peakMemory": peak}), flush=True)


if __name__ == "__main__":
    main()
