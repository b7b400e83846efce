import DistillCore
import Foundation
import Testing

/// What an environment variable holds is not written down where a text or a path is meant.
@Suite(.serialized) struct EnvironmentTests {
  @Test func aRunKeepsReferencesAndOpensWithoutThem() throws {
    let bench = try Workbench()
    let environment = [
      "SECRET": "xyzzy", "DATA": "xyzzy-data", "MODELS": bench.path("xyzzy-models"), "LENGTH": "16",
      "PRECISION": "float32", "POSITION": "pooler",
    ]
    for folder in ["xyzzy-data", "xyzzy-models", "sub"] { try FileSystem.makeFolder(bench.url.appending(path: folder)) }
    try FileManager.default.moveItem(atPath: bench.path("teacher"), toPath: bench.path("xyzzy-models/teacher"))
    for file in ["train.tsv", "validation.tsv"] {
      try FileManager.default.moveItem(atPath: bench.path(file), toPath: bench.path("xyzzy-data/\(file)"))
    }
    try bench.write(
      Workbench.pipeline.replacing("name: tiny", with: "name: $${x} of ${SECRET}\nprecision: ${PRECISION}")
        .replacing("train: train.tsv", with: "train: \"../${DATA}/train.tsv\"")
        .replacing("validation: validation.tsv", with: "validation: \"${MODELS}/../${DATA}/validation.tsv\"")
        .replacing("max_length: 16", with: "max_length: \"${LENGTH}\"")
        .replacing("checkpoint: teacher", with: "readout: \"${POSITION}\", checkpoint: \"${MODELS}/teacher\"")
        .replacing("output: runs/tiny", with: "output: ../runs/tiny"), to: "sub/secret.yaml")
    let run = ["run", "sub/secret.yaml", "--set", "training.epochs=1"]
    let outcome = try bench.distill(run, environment: environment)
    try #require(outcome.status == 0, "\(outcome.errors)")

    let text = try FileSystem.text(of: bench.url.appending(path: "runs/tiny/pipeline.yaml"))
    #expect(!text.contains("xyzzy"), "\(text)")
    for line in [
      "name: \"$${x} of ${SECRET}\"", "train: \"\(bench.path("sub"))/../${DATA}/train.tsv\"",
      "validation: \"${MODELS}/../${DATA}/validation.tsv\"", "max_length: 16", "checkpoint: \"${MODELS}/teacher\"",
      "precision: float32", "readout: pooler", "labels: [cancel, refund, track]",
    ] { #expect(text.contains(line + "\n"), "\(line) is not in\n\(text)") }

    let answer = try bench.distill(["predict", "runs/tiny"], input: "money back\n", environment: environment)
    #expect(answer.status == 0 && answer.lines.count == 1)
    #expect(try bench.distill(["predict", "runs/tiny"], input: "money back\n").output == answer.output)
    // The validation file is asked for by its reference, which means something again where the variables are set.
    let unknown = try bench.distill(["evaluate", "runs/tiny"])
    #expect(unknown.status == 2 && unknown.errors.contains("${DATA}/validation.tsv"), "\(unknown.errors)")
    #expect(try bench.distill(["evaluate", "runs/tiny"], environment: environment).status == 0)
    let shown = try bench.distill(["show", "runs/tiny/pipeline.yaml"], environment: environment)
    #expect(shown.output.contains("name: \"$${x} of xyzzy\"") && shown.output.contains("labels: [cancel"))
    #expect(try bench.distill(["show", "runs/tiny/pipeline.yaml"]).errors.contains("variable `SECRET` is not set"))
    #expect(try bench.distill(run + ["--resume"], environment: environment).errors.contains("holds a finished run"))
  }
}
