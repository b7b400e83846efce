import DistillCore
import Foundation
import Testing

/// Folders for other programs. That they answer as this one does is what Scripts/check_export.py checks with the programs themselves.
@Suite(.serialized) struct ExportTests {
  private static func bench(_ readout: String = "mean") throws -> Workbench {
    let bench = try Workbench()
    try bench.write(
      Workbench.pipeline.replacing("checkpoint: teacher,", with: "checkpoint: teacher, readout: \(readout),"),
      to: "pipeline.yaml")
    try bench.run()
    return bench
  }

  private func text(_ name: String, in bench: Workbench) throws -> String {
    String(decoding: try bench.data(name), as: UTF8.self)
  }

  @Test func everyFormatIsWritten() throws {
    let bench = try Self.bench("cls")
    let files = [
      "onnx": ["model.onnx"], "transformers": ["model.safetensors"],
      "sentence-transformers": ["model.safetensors", "modules.json", "1_Pooling/config.json"],
    ]
    for (format, own) in files {
      let outcome = try bench.distill("export", "runs/tiny", "--format", format, "--output", "out/\(format)")
      #expect(outcome.status == 0, "\(outcome.errors)")
      for file in own + ["README.md", "task.json", "config.json", "tokenizer.json", "vocab.txt"] {
        #expect(bench.exists("out/\(format)/\(file)"), "\(format) has no \(file)")
      }
      #expect(try text("out/\(format)/tokenizer_config.json", in: bench).contains("\"model_max_length\": 16"))
      let page = try text("out/\(format)/README.md", in: bench)
      #expect(page.hasPrefix("---\nlibrary_name: \(format)\n"))
      #expect(!page.contains("license: ") && page.contains("must be looked up"))
      #expect(!page.contains(bench.url.path), "the page has paths of this machine:\n\(page)")
      for part in [
        "`soft-cross-entropy`, weight 1.0", "`relational-kl`, weight 0.5", "| student |", "at most 16 tokens",
      ] {
        #expect(page.contains(part), "\(part) is not in\n\(page)")
      }
      #expect(!page.contains("| student + knowledge base |"))
    }
    let arguments = ["export", "runs/tiny", "--format", "onnx", "--output", "named", "--license", "mit"]
    #expect(try bench.distill(arguments + ["--base-model", "owner/name"]).status == 0)
    let page = try text("named/README.md", in: bench)
    #expect(page.contains("\nlicense: mit\nbase_model: owner/name\n"), "\(page)")
  }

  @Test func whatIsThereIsLeftAlone() throws {
    let bench = try Self.bench()
    try FileSystem.makeFolder(bench.url.appending(path: "empty"))
    #expect(try bench.distill("export", "runs/tiny", "--format", "onnx", "--output", "empty").status == 0)
    let before = try bench.data("empty/README.md")
    for output in ["empty", "runs/tiny", "pipeline.yaml"] {
      let again = try bench.distill("export", "runs/tiny", "--format", "transformers", "--output", output)
      #expect(again.status == 2, "\(output): \(again.errors)")
    }
    #expect(try bench.data("empty/README.md") == before)
  }

  @Test func mistakesAreExplained() throws {
    let bench = try Self.bench("mean")
    let refused = try bench.distill("export", "runs/tiny", "--format", "transformers", "--output", "out")
    #expect(refused.status == 1 && refused.errors.contains("readout: mean") && refused.errors.contains("--format onnx"))
    #expect(!bench.exists("out"))
    for (arguments, part) in [
      (["runs/tiny", "--format", "tensorflow", "--output", "out"], "sentence-transformers"),
      (["runs/none", "--format", "onnx", "--output", "out"], "runs/none"),
      (["runs/tiny", "--format", "onnx", "--output", "out", "--license", "My own"], "apache-2.0"),
      (["runs/tiny", "--format", "onnx", "--output", "out", "--base-model", "a b"], "owner/name"),
    ] {
      let outcome = try bench.distill(["export"] + arguments)
      #expect(outcome.status == 2 && outcome.errors.contains(part), "\(outcome.errors)")
    }
  }
}
