"""A server of FastAPI and ONNX Runtime or PyTorch, to measure `distill serve` beside it: the same student, texts and route.

    python serve.py export STUDENT student.onnx     (torch, transformers, safetensors; for students whose readout is cls)
    python serve.py run STUDENT student.onnx 8098   (fastapi, uvicorn, onnxruntime, tokenizers, numpy)
    python serve.py run STUDENT torch 8099          (fastapi, uvicorn, torch, transformers, safetensors, numpy)
    wrk -t1 -c8 -d3s --latency -s bodies.lua http://127.0.0.1:8098
"""
import json
import sys
from pathlib import Path

work, folder, file = sys.argv[1], Path(sys.argv[2]), sys.argv[3]


def student_in_torch(attention):
    import safetensors.torch
    import torch
    import transformers

    bert = transformers.BertModel.from_pretrained(folder, attn_implementation=attention)
    weights = safetensors.torch.load_file(folder / "classifier/model.safetensors").values()
    (matrix,), (bias,) = ([w for w in weights if w.dim() == d] for d in (2, 1))

    class Student(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.bert = bert

        def forward(self, ids, mask, types):
            states = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
            return states[:, 0] @ matrix.T + bias

    return Student().eval()


if work == "export":
    import torch

    example = torch.ones(2, 8, dtype=torch.long)
    names = ["ids", "mask", "types"]
    torch.onnx.export(
        student_in_torch("eager"), (example, example, 0 * example), file, input_names=names, output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in names}, dynamo=False, opset_version=17)
else:
    import numpy as np
    import uvicorn
    from fastapi import FastAPI
    from pydantic import BaseModel
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(64)
    tokenizer.enable_padding()
    labels = json.loads((folder / "config.json").read_text())["id2label"]
    if file == "torch":
        import torch

        model = student_in_torch("sdpa")

        def logits_of(inputs):
            with torch.inference_mode():
                return model(**{name: torch.from_numpy(column) for name, column in inputs.items()}).numpy()
    else:
        import onnxruntime

        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])

        def logits_of(inputs):
            return session.run(None, inputs)[0]

    app = FastAPI()

    class Question(BaseModel):
        texts: list[str]

    @app.post("/predict")
    def predict(question: Question):
        sequences = tokenizer.encode_batch(question.texts)

        def column(name):
            return np.array([getattr(sequence, name) for sequence in sequences], dtype=np.int64)

        inputs = {"ids": column("ids"), "mask": column("attention_mask"), "types": column("type_ids")}
        logits = logits_of(inputs)
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        return {"answers": [{"label": labels[str(row.argmax())], "score": float(row.max())} for row in shares]}

    uvicorn.run(app, port=int(sys.argv[4]), log_level="warning")
