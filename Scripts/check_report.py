"""Checks a run's figures with scikit-learn, statsmodels and pandas.

Usage: check_report.py DISTILL RUN FILE

DISTILL is the program, RUN the folder of a finished run, FILE its validation file. From the answers of the run and from what `predict`
says of the file, these are calculated again, and must be the same to 1e-6: every score of every row, confusion matrix, precision, recall
and F1 of each class, calibration error and logarithmic loss, the p of each comparison and its correction. `predict --format csv` must
be read by pandas as it was meant.

Requires: numpy, pandas, scikit-learn, scipy, statsmodels.
"""
import io
import json
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
from scipy import stats
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

distill, run, file = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
report = json.loads((run / "report.json").read_text(encoding="utf-8"))
answers = json.loads((run / "answers.json").read_text(encoding="utf-8"))
compared = 0


def same(what: str, ours: float, theirs: float) -> None:
    global compared
    compared += 1
    if not abs(ours - theirs) <= 1e-6 * max(1.0, abs(theirs)):
        sys.exit(f"{what}: {ours} here, {theirs} there")


def output(*arguments: str) -> str:
    return subprocess.run([distill, *arguments], check=True, capture_output=True, text=True).stdout


sets = answers.get("label_sets")
classes = max((c for s in sets for c in s), default=0) + 1 if sets else 0


def decoded(numbers: list[float]) -> np.ndarray:
    """The labels, the scores, or for several labels of a text a row of zeros and ones."""
    if answers["is_regression"]:
        return np.array(numbers)
    if not sets:
        return np.array(numbers, dtype=int)
    return np.array([[int(c in sets[int(n)]) for c in range(classes)] for n in numbers])


right = decoded(answers["targets"])
scores = {
    "accuracy": metrics.accuracy_score,
    "f1": metrics.f1_score,
    "macro-f1": lambda y, z: metrics.f1_score(y, z, average="macro", zero_division=0),
    "micro-f1": lambda y, z: metrics.f1_score(y, z, average="micro", zero_division=0),
    "matthews": metrics.matthews_corrcoef,
    "pearson": lambda y, z: stats.pearsonr(y, z).statistic,
    "spearman": lambda y, z: stats.spearmanr(y, z).statistic,
}
rows = {row["name"]: decoded(row["predictions"]) for row in answers["rows"]}
for row in report["rows"]:
    for score in row["scores"]:
        if np.all(rows[row["name"]] == rows[row["name"]][0]) and answers["is_regression"]:
            continue  # a constant has no correlation
        same(f"{score['metric']} of {row['name']}", score["value"], scores[score["metric"]](right, rows[row["name"]]))


def is_right(name: str) -> np.ndarray:
    return np.all((rows[name] == right).reshape(len(right), -1), axis=1)


if not answers["is_regression"]:
    for row in report["rows"]:
        if comparison := row.get("comparison"):
            own, students = is_right(row["name"]), is_right("student")
            table = [[0, int((own & ~students).sum())], [int((~own & students).sum()), 0]]
            same(f"p of {row['name']}", comparison["p"], mcnemar(table, exact=True).pvalue)
    against = [row["difference"] for row in json.loads(output("compare", str(run), "--format", "json"))["rows"] if "difference" in row]
    corrected = multipletests([difference["p"] for difference in against], method="holm")[1]
    for difference, p in zip(against, corrected):
        same("p by Holm's method", difference["corrected_p"], p)

findings = report.get("findings", {})
for breakdown in findings.get("classes", []):
    names = [c["name"] for c in breakdown["classes"]]
    predicted = rows[breakdown["row"]]
    occurring = sorted(set(right.ravel()) | set(predicted.ravel())) if not sets else [
        c for c in range(classes) if right[:, c].any() or predicted[:, c].any()]
    figures = metrics.precision_recall_fscore_support(right, predicted, labels=occurring, zero_division=0)
    for place, c in enumerate(breakdown["classes"]):
        for key, values in zip(["precision", "recall", "f1", "support"], figures):
            same(f"{key} of {names[place]}", c[key] or 0, values[place])
    if not sets:
        matrix = np.zeros((len(occurring), len(occurring)))
        for target, prediction, count in breakdown["confusions"]:
            matrix[target, prediction] = count
        same("confusion matrix", np.abs(matrix - metrics.confusion_matrix(right, predicted, labels=occurring)).sum(), 0)

# `predict` reads the file as the run did, and its probabilities are those that the calibration was measured on.
lines = [json.loads(line) for line in output("predict", str(run), file, "--format", "jsonl", "--scores").splitlines()]
for calibration in findings.get("calibration", []):
    member = "student" if calibration["row"] == "student" else "scores"
    labels = sorted(lines[0][member])
    p = np.array([[line[member][label] for label in labels] for line in lines])
    if sets:
        confidence, hit = p.ravel(), right.ravel().astype(bool)
        loss = metrics.log_loss(hit, confidence) * p.shape[1]
    else:
        confidence, hit = p.max(axis=1), p.argmax(axis=1) == right
        loss = metrics.log_loss(right, p, labels=range(p.shape[1]))
    place = np.clip(np.ceil(confidence * 15).astype(int) - 1, 0, 14)
    error = sum((place == b).mean() * abs(hit[place == b].mean() - confidence[place == b].mean()) for b in range(15) if (place == b).any())
    # The probabilities are printed with seven digits.
    same(f"calibration error of {calibration['row']}", round(calibration["error"], 5), round(error, 5))
    same(f"log loss of {calibration['row']}", round(calibration["log_loss"], 4), round(loss, 4))

# What is awkward in CSV comes back as it was.
table = pd.DataFrame({
    "note": ['with "quotes"', "with, commas", "with\nline breaks", " spaces ", ""],
    "text": ["where is it", 'the "blue, one"', "two\nlines", "ümläute", " where "],
})
awkward = run.parent / "awkward.csv"
table.to_csv(awkward, index=False)
back = pd.read_csv(io.StringIO(output("predict", str(run), str(awkward), "--text", "text", "--format", "csv")), keep_default_na=False)
if not back[["note", "text"]].equals(table):
    sys.exit(f"pandas reads {back} where {table} was written")
if "predicted" not in back or len(back) != len(table):
    sys.exit(f"{list(back)} has no answers")
print(f"{run.name}: {compared} figures are those of scikit-learn and statsmodels, and pandas reads the answers")
