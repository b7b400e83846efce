"""Checks that TensorBoard reads from the event files of a run what the run's metrics.jsonl says.

Usage: check_tensorboard.py RUN

RUN is the folder of a run with `tensorboard: true`. Every figure must be there once, at its step, in one TensorBoard run a phase.

Requires: tensorboard.
"""
import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

run = pathlib.Path(sys.argv[1])
expected: dict[str, dict[str, list[tuple[int, float]]]] = {}
for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
    record = json.loads(line)
    phase = "".join(c if c.isalnum() else "-" for c in record["phase"]).replace("--", "-")
    tags = expected.setdefault(phase, {})

    def figure(tag: str, value: float) -> None:
        tags.setdefault(tag, []).append((record["step"], struct.unpack("f", struct.pack("f", value))[0]))

    if record["event"] == "step":
        for name in ["loss", "learning_rate", "gradient_norm"]:
            figure(name, record[name])
        for name, value in record["terms"].items():
            figure(f"terms/{name}", value)
    elif record["event"] == "epoch":
        figure("epoch/loss", record["loss"])
        for name, value in record["scores"].items():
            figure(f"scores/{name}", value)
    elif record["event"] == "stage":
        stages = tags.setdefault("schedule/stage", [(0, 1.0)])
        stages.append((record["step"], len(stages) + 1.0))

multiplexer = EventMultiplexer(size_guidance={"scalars": 0, "tensors": 0}).AddRunsFromDirectory(str(run / "tensorboard"))
multiplexer.Reload()
found = {
    phase: {tag: [(e.step, e.value) for e in multiplexer.Scalars(phase, tag)] for tag in tags["scalars"]}
    for phase, tags in multiplexer.Runs().items()
}
if found != expected:
    sys.exit(f"TensorBoard reads\n{found}\nand the metrics are\n{expected}")
for phase, tags in multiplexer.Runs().items():
    moves = len(expected[phase].get("schedule/stage", [0])) - 1
    texts = [t.tensor_proto.string_val[0].decode() for t in multiplexer.Tensors(phase, "schedule/reason")] if moves else []
    if len(texts) != moves or not all(texts):
        sys.exit(f"TensorBoard reads the moves of the schedule as {texts}")
    figures = sum(len(series) for series in expected[phase].values())
    print(f"{phase}: {figures} figures of {len(expected[phase])} curves, {moves} moves of the schedule")
