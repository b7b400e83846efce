"""Embeds sentences for `distill-bench search`: a column of a TSV file, as rows of float32 of length 1.

    python peers/embed.py ../models/all-MiniLM-L6-v2 ../data/glue/SST-2/train.tsv keys.f32
    python peers/embed.py ../models/all-MiniLM-L6-v2 ../data/glue/SST-2/dev.tsv queries.f32

Written for sentence-transformers 6.2.0. The encoder runs in bfloat16.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

model, table, out = sys.argv[1:]
lines = Path(table).read_text(encoding="utf-8").splitlines()
column = lines[0].split("\t").index("sentence")
encoder = SentenceTransformer(model, device="cpu")
encoder.max_seq_length = 64
with torch.autocast("cpu", dtype=torch.bfloat16):
    vectors = encoder.encode([line.split("\t")[column] for line in lines[1:]], batch_size=64).astype(np.float32)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
vectors.tofile(out)
print(vectors.shape)
