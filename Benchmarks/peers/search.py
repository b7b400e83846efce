"""A rival of `distill-bench search` in a process of its own.

It builds an index of keys.f32, answers with the seconds of that, and then answers a number of candidates (`ef`) on standard input with
the seconds and the recall of one pass over queries.f32 with one thread. A neighbour is right if its similarity reaches that of the
tenth of all, which floors.f32 has. Written for hnswlib 0.8.0, faiss-cpu 1.15.1 and usearch 2.26.6, Python 3.11.

Engines: `hnswlib`, `faiss` (Float32), `faiss-8bit`, `usearch-f32`, `usearch-bf16`, `usearch-i8`: M = 16, ef_construction = 200; and
`faiss-flat`, which is exact and answers all queries at once with all threads.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
arguments.add_argument("engine")
arguments.add_argument("--folder", type=Path, required=True)
arguments.add_argument("--width", type=int, required=True)
arguments.add_argument("--threads", type=int, default=2)
options = arguments.parse_args()
keys, queries = (np.fromfile(options.folder / name, np.float32).reshape(-1, options.width) for name in ("keys.f32", "queries.f32"))
floors = np.fromfile(options.folder / "floors.f32", np.float32)
library, _, kind = options.engine.partition("-")
started = time.perf_counter()
if library == "hnswlib":
    import hnswlib

    index = hnswlib.Index("ip", options.width)
    started = time.perf_counter()
    index.init_index(len(keys), M=16, ef_construction=200)
    index.set_num_threads(options.threads)
    index.add_items(keys)
    index.set_num_threads(1)

    def search(ef):
        index.set_ef(ef)
        return index.knn_query(queries, 10)[0]
elif library == "faiss":
    import faiss

    metric = faiss.METRIC_INNER_PRODUCT
    faiss.omp_set_num_threads(options.threads)
    index = {
        "": lambda: faiss.IndexHNSWFlat(options.width, 16, metric),
        "8bit": lambda: faiss.IndexHNSWSQ(options.width, faiss.ScalarQuantizer.QT_8bit, 16, metric),
        "flat": lambda: faiss.IndexFlatIP(options.width),
    }[kind]()
    started = time.perf_counter()
    if kind != "flat":
        index.hnsw.efConstruction = 200
    index.train(keys)
    index.add(keys)
    if kind != "flat":
        faiss.omp_set_num_threads(1)

    def search(ef):
        if kind != "flat":
            index.hnsw.efSearch = ef
        return index.search(queries, 10)[1]
else:
    from usearch.index import Index

    index = Index(ndim=options.width, metric="ip", dtype=kind, connectivity=16, expansion_add=200)
    started = time.perf_counter()
    index.add(np.arange(len(keys)), keys, threads=options.threads)

    def search(ef):
        index.expansion_search = ef
        return index.search(queries, 10, threads=1).keys


def say(seconds, figures):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "losses": figures, "peakMemory": peak}), flush=True)


built = time.perf_counter() - started
sys.stdin.readline()
say([built], [])
for line in sys.stdin:
    started = time.perf_counter()
    found = search(int(line))
    seconds = time.perf_counter() - started
    similarities = np.einsum("qd,qkd->qk", queries, keys[found])
    say([seconds], [float((similarities >= floors[:, None] - 1e-6).mean())])
