import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import Testing

/// Which texts choose the epoch, and which the rest.
struct KeptEpochTests {
  private func texts(_ keep: String?, holdOut: String = "0") throws -> (
    texts: TaskTexts, note: String?, summary: [String]
  ) {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(
      set: [("task.hold_out", holdOut)] + (keep.map { [("training.keep", $0)] } ?? []))
    return (try pipeline.options.texts(), pipeline.options.selectionNote, pipeline.summary)
  }

  @Test func heldOutTextsAreCutInTwo() throws {
    let (best, note, summary) = try texts(nil, holdOut: "0.25")
    #expect(best.heldOutForEpochs.count == 7 && best.heldOutForChoices.count == 8 && best.training.count == 45)
    let lines = (best.heldOutForEpochs + best.heldOutForChoices + best.training).map(\.line)
    #expect(lines.sorted() == Array(2...61), "each text has one purpose")
    #expect(best.selection == best.heldOutForEpochs && note == nil)
    #expect(summary.contains("kept: the best epoch on held-out texts"))
    // The last epoch leaves all of them for the choices, and takes the same ones from the training.
    let (last, _, _) = try texts("last", holdOut: "0.25")
    #expect(last.heldOutForEpochs.isEmpty && last.heldOutForChoices.count == 15 && last.selection == nil)
    #expect(last.training == best.training)
  }

  @Test func theValidationFileSelectsOnlyIfAsked() throws {
    let (texts, note, summary) = try texts(nil)
    #expect(texts.selection == nil && note == nil && summary.contains("kept: the last epoch"))
    let (asked, warning, _) = try self.texts("best")
    #expect(asked.selection == asked.validation && asked.selection?.count == 24)
    #expect(warning?.hasPrefix("The epoch was chosen on these same texts") == true)
  }

  @Test func theLastEpochIsKeptUnlessTheBestIsAskedFor() throws {
    let bench = try Workbench()
    var kept: [String: [Int]] = [:]
    for keep in ["best", "last"] {
      // A learning rate at which scores go up and down.
      let options = [(path: "training.keep", value: keep), (path: "training.learning_rate", value: "0.05")]
      try bench.run(try bench.pipeline(set: options), into: keep) {
        if case .ended(let phase, let epoch, _) = $0, phase != "teacher: contrastive head" {
          kept[keep, default: []].append(epoch)
        }
      }
    }
    #expect(kept["last"] == [4, 3])
    for (phase, epoch) in zip(["teacher: fine-tuning", "student"], try #require(kept["best"])) {
      let scores = try bench.metrics("best").filter {
        $0["phase"] as? String == phase && $0["event"] as? String == "epoch"
      }
      .compactMap { ($0["scores"] as? [String: Double])?["accuracy"] }
      #expect(scores.firstIndex(of: scores.max() ?? 0) == epoch - 1 && !scores.isEmpty)
    }
  }
}
