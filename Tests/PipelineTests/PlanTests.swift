import DistillCore
import DistillPipeline
import Foundation
import Testing

struct PlanTests {
  private static let attention = [
    (old: "{use: relational-kl, weight: 0.5}", new: "{use: attention-kl}"),
    (old: "from_teacher_layers: [2]", new: "from_teacher_layers: [1, 2]"),
  ]

  @Test func foreseesEveryTrainingAndKeepsNothing() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline()
    let before = try FileManager.default.contentsOfDirectory(atPath: bench.url.path).sorted()
    let plan = try Compute.$threads.withValue(1) { try RunPlan(pipeline, steps: 3) }
    #expect(plan.phases.map(\.name) == ["teacher: fine-tuning", "teacher: contrastive head", "student"])
    // 60 examples in batches of 8, 20 and 8.
    #expect(plan.phases.map(\.epochs) == [4, 1, 3] && plan.phases.map(\.stepsPerEpoch) == [8, 3, 8])
    for phase in plan.phases {
      #expect(phase.secondsPerStep > 0)
      #expect(phase.secondsPerEpoch >= Double(phase.stepsPerEpoch) * phase.secondsPerStep)
    }
    #expect(plan.seconds.keys.sorted() == ["baselines", "evaluation", "knowledge_base", "student", "teacher"])
    #expect(plan.seconds.values.allSatisfy { $0 > 0 } && plan.peakMemory > plan.rememberedBytes)
    // 60 answers of 3 logits and an embedding of width 16.
    #expect(plan.rememberedBytes == 4 * 60 * (3 + 16))
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.url.path).sorted() == before)

    let report = try bench.run(pipeline, into: "tiny")
    #expect(plan.teacherParameters == report.rows[0].parameters && plan.studentParameters == report.rows[1].parameters)
    let record = try bench.finished("tiny").record
    #expect(record.seconds.keys.sorted() == plan.seconds.keys.sorted())
    let text = try plan.text(beside: bench.url.appending(path: "runs/tiny"))
    #expect(!text.contains("without the teacher"))
    #expect(text.contains("student                     3 epochs of 8 steps") && text.contains("(was "))
  }

  @Test func aPreparedTeacherTakesNoTime() throws {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(), into: "tiny")
    let plan = try RunPlan(try bench.pipeline(), output: bench.url.appending(path: "runs/other"), steps: 2)
    #expect(plan.phases.map(\.name) == ["student"] && plan.seconds["teacher"] == 0)
    #expect(try plan.text().contains("is prepared"))
    // The run has trained its teacher, and the plan would not.
    let beside = try plan.text(beside: bench.url.appending(path: "runs/tiny"))
    #expect(beside.contains("is prepared  (was trained)"))
    let record = try bench.finished("tiny").record
    let others = record.seconds.filter { $0.key != "teacher" }.values.reduce(0, +)
    let line = try #require(beside.split(separator: "\n").first { $0.hasPrefix("time without the teacher") })
    #expect(line.hasSuffix("(was \(String(format: "%.1f", others)) s)"))
    // A run beside it finds the teacher, too, so that both are alike.
    try bench.run(try bench.pipeline(), into: "other")
    let alike = try plan.text(beside: bench.url.appending(path: "runs/other"))
    #expect(alike.contains("is prepared  (was prepared)") && !alike.contains("without the teacher"))
  }

  @Test func attentionCountsWhereItFits() throws {
    let bench = try Workbench()
    let plan = try RunPlan(try bench.pipeline(replacing: Self.attention), steps: 2)
    let pipeline = try bench.pipeline(replacing: Self.attention)
    let tokenizer = try pipeline.untrainedModels().student.tokenizer
    let lengths = try pipeline.data(tokenizer).training.sequences.map(\.ids.count)
    // Two pairs of layers of two heads, and the logits.
    #expect(plan.rememberedBytes == 4 * (2 * 2 * lengths.reduce(0) { $0 + $1 * $1 } + 3 * 60))
    let without = try RunPlan(
      try bench.pipeline(replacing: Self.attention, set: [("teacher_memory", "0")]), steps: 2)
    #expect(without.rememberedBytes == 4 * 3 * 60)
  }
}
