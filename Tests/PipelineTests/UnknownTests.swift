import DistillCore
import DistillPipeline
import Foundation
import Testing

/// What is not known is not held against anything, and what does not depend on it is told all the same.
struct UnknownTests {
  private func problems(_ bench: Workbench, _ text: String) throws -> [String] {
    do { return try bench.pipeline(text).warnings.map(\.message) } catch let error as Diagnostics {
      return error.list.map(\.message)
    }
  }

  @Test func labelsThatCannotBeCollected() throws {
    let bench = try Workbench()
    try bench.run(bench.pipeline(replacing: [("epochs: 3", "epochs: 1"), ("epochs: 4", "epochs: 1")]), into: "first")
    let text = """
      version: 1
      name: plain
      task: {use: tsv, train: no.tsv, label: intent, max_length: 16}
      student: {use: bert, checkpoint: runs/first/student}
      losses:
        - {use: hard-cross-entropy}
      output: runs/plain

      """
    let found = try problems(bench, text)
    #expect(found.count == 1 && found[0].contains("there is no file"), "\(found)")
    let deeper = try problems(bench, text.replacing("student}", with: "student, layers: [2]}"))
    #expect(deeper.count == 2 && deeper[1].contains("layer 2 does not exist"), "\(deeper)")
  }

  @Test(arguments: [("epochs: 3", "epochs: many"), ("[[1, 1]]", "[[1, x]]")]) func epochsAndLayersOfASchedule(
    old: String, new: String
  ) throws {
    let text = Workbench.pipeline.replacing("{use: relational-kl, weight: 0.5}", with: "{use: hidden-distance}")
      .replacing("training:", with: "layer_map: [[1, 1]]\nschedule: {use: stacked, epochs_per_layer: 2}\ntraining:")
    let bench = try Workbench()
    #expect(try problems(bench, text.replacing(old, with: new)).count { !$0.contains("no loss brings") } == 1)
    let unmet = text.replacing("  - {use: soft-cross-entropy}\n", with: "")
    let found = try problems(bench, unmet.replacing(old, with: new)).filter { !$0.contains("no loss brings") }
    #expect(found.count == 2 && found.contains { $0.contains("no loss of this pipeline reads them") }, "\(found)")
  }

  /// A head takes its width from the student, and the student's layers come from under the head.
  @Test func aHeadWaitsForTheStudent() throws {
    let bench = try Workbench()
    let text = Workbench.pipeline.replacing(
      "from_teacher_layers: [2]", with: "random: {layers: 1, hidden_size: 8, heads: 2, intermediate_size: 16}")
    let pipeline = try bench.pipeline(text)
    #expect(pipeline.models.teacher?.embeddingWidth == 8 && pipeline.models.teacher?.width == 16)
    for (old, new) in [("hidden_size: 8", "hidden_size: x"), ("checkpoint: teacher", "checkpoint: nowhere")] {
      let found = try problems(bench, text.replacing(old, with: new))
      #expect(found.count == 1, "\(found)")
    }
  }
}
