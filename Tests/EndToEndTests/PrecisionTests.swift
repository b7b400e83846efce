import DistillCore
import Foundation
import Testing

struct PrecisionTests {
  @Test(.enabled(if: Precision.bfloat16.isAvailable, "this processor has no AVX512_BF16"))
  func aRunInBFloat16() throws {
    let bench = try Workbench()
    let arguments = ["run", "pipeline.yaml", "--set", "precision=bfloat16", "--set", "baselines.frozen=false"]
    #expect(try bench.distill(arguments).status == 0)
    #expect(try bench.distill("run", "pipeline.yaml", "--output", "runs/exact").status == 0)
    #expect(try bench.data("runs/tiny/student/model.safetensors") != bench.data("runs/exact/student/model.safetensors"))

    // It answers as it was trained, unless told otherwise.
    func scores(of report: Data) throws -> NSArray {
      let rows = try JSONSerialization.jsonObject(with: report) as? [String: Any]
      return NSArray(array: try #require(rows?["rows"] as? [[String: Any]]).compactMap { $0["scores"] })
    }
    func scores(_ precision: String...) throws -> NSArray {
      let outcome = try bench.distill(["evaluate", "runs/tiny", "--format", "json"] + precision)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try scores(of: Data(outcome.output.utf8))
    }
    #expect(try scores() == scores(of: bench.data("runs/tiny/report.json")))
    func answers(_ precision: String...) throws -> String {
      try bench.distill(["predict", "runs/tiny", "train.tsv", "--format", "jsonl", "--scores"] + precision).output
    }
    #expect(try answers() != answers("--precision", "float32"))
    let embed = ["embed", "teacher", "train.tsv", "--set", "readout=cls", "--output"]
    #expect(try bench.distill(embed + ["a", "--precision", "bfloat16"]).status == 0)
    #expect(try bench.distill(embed + ["b"]).status == 0)
    #expect(try bench.data("a") != bench.data("b"))

    // Elsewhere it answers in Float32, once somebody asks for that.
    let predict = ["predict", "runs/tiny", "train.tsv"]
    let refused = try bench.distill(predict, instructionSet: "plain")
    #expect(refused.status == 2 && refused.errors.contains("use float32"), "\(refused.errors)")
    #expect(try bench.distill(predict + ["--precision", "float32"], instructionSet: "plain").status == 0)
  }

  @Test func aProcessorWithoutItSaysSo() throws {
    let bench = try Workbench()
    let embed = ["embed", "teacher", "train.tsv", "--output", "a", "--precision", "bfloat16"]
    let refused = try bench.distill(embed, instructionSet: "plain")
    #expect(refused.status == 2 && refused.errors.contains("AVX512_BF16"), "\(refused.errors)")
    try bench.write(Workbench.pipeline + "precision: bfloat16\n", to: "pipeline.yaml")
    let outcome = try bench.distill(["validate", "pipeline.yaml"], instructionSet: "plain")
    #expect(outcome.status == 2)
    for part in ["pipeline.yaml:15:12", "AVX512_BF16"] {
      #expect(outcome.errors.contains(part), "\(outcome.errors)")
    }
  }
}
