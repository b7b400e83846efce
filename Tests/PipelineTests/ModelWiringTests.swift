import DistillCore
import DistillPipeline
import Foundation
import Testing

/// How teacher, student and layers fit each other.
struct ModelWiringTests {
  private static let student = """
    version: 1
    name: plain
    task: {use: tsv, train: train.tsv, validation: validation.tsv, label: intent, max_length: 16}
    student: {use: bert, checkpoint: teacher}
    losses:
      - {use: hard-cross-entropy}
    output: runs/plain

    """

  @Test func withoutATeacherWhatNeedsOneIsRefused() throws {
    let bench = try Workbench()
    _ = try bench.pipeline(Self.student)
    for (old, new, message, line, column) in [
      ("hard-cross-entropy", "relational-kl", "needs a teacher", 6, 11),
      ("hard-cross-entropy", "soft-cross-entropy", "needs a teacher", 6, 11),
      ("hard-cross-entropy", "hidden-distance", "needs a teacher", 6, 11),
      ("checkpoint: teacher", "from_teacher_layers: [1]", "needs a teacher", 4, 43),
      ("output", "knowledge_base: {retriever: {use: exact}, space: teacher}\noutput", "has no teacher", 7, 50),
    ] {
      let error = #expect(throws: Diagnostics.self) { try bench.pipeline(Self.student, replacing: [(old, new)]) }
      let list = try #require(error).list
      #expect(list.count == 1 && list[0].message.contains(message), "\(list.map(\.message))")
      #expect(list.first.map { [$0.range.line, $0.range.column] } == [line, column], "\(new)")
    }
  }

  @Test func aStudentOfAnotherWidthNeedsTheHead() throws {
    let bench = try Workbench()
    let plainTeacher = Workbench.pipeline.replacing(
      "  use: supervised-contrastive-head\n  fit: {epochs: 1, batch_size: 20}\n  base: {use: bert, checkpoint: teacher, ",
      with: "  {use: bert, checkpoint: teacher, ")
    #expect(plainTeacher != Workbench.pipeline)
    let random = "random: {layers: 1, hidden_size: 8, heads: 2, intermediate_size: 16}"
    let narrow: [(old: String, new: String)] = [("from_teacher_layers: [2]", random)]
    _ = try bench.pipeline(Workbench.pipeline, replacing: narrow)
    let error = #expect(throws: Diagnostics.self) {
      try bench.pipeline(plainTeacher.replacing("}}\nstudent", with: "}}\nstudent"), replacing: narrow)
    }
    let text = "\(try #require(error))"
    #expect(text.contains("supervised-contrastive-head"))
    #expect(text.contains("width 16") && text.contains("8"))
  }

  @Test func sevenMistakesAreToldTogether() throws {
    let bench = try Workbench()
    let wrong = """
      version: 1
      name: wrong
      task: {use: tvs, train: train.tsv, max_length: 16}
      student: {use: brt, checkpoint: teacher}
      losses:
        - {use: relational-kl, temprature: 0.1}
        - {use: soft-cross-entropy, weight: -1}
      training: {epochs: many}
      output: runs/wrong
      """
    let error = #expect(throws: Diagnostics.self) { try bench.pipeline(wrong) }
    let list = try #require(error).list
    #expect(
      list.map { "\($0.range.line):\($0.range.column)" } == ["3:13", "4:16", "6:11", "6:26", "7:11", "7:39", "8:20"])
    #expect(list.filter { $0.message.contains("needs a teacher") }.count == 2)
    #expect(list.allSatisfy { $0.severity == .error })
    #expect(list[3].hint?.contains("temperature") == true)
  }

  @Test func theResolvedFileIsTheSamePipeline() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: [("epochs: 3", "epochs: 1"), ("epochs: 4", "epochs: 1")])
    try bench.run(pipeline, into: "first")
    let resolved = try bench.data("runs/first/pipeline.yaml")
    let again = try Pipeline(file: bench.path("runs/first/pipeline.yaml"), registry: try registry())
    #expect(again.models.student == pipeline.models.student && again.models.teacher == pipeline.models.teacher)
    try bench.run(again, into: "second")
    #expect(try bench.student("second") == bench.student("first"))
    let other = String(decoding: try bench.data("runs/second/pipeline.yaml"), as: UTF8.self)
    #expect(other.replacing("runs/second", with: "runs/first") == String(decoding: resolved, as: UTF8.self))
  }

  @Test func layerMaps() throws {
    func pairs(_ map: LayerMap, _ student: Int, _ teacher: Int) throws -> [[Int]] {
      try map.resolved(student: student, teacher: teacher).map { [$0.student, $0.teacher] }
    }
    #expect(try pairs(.uniform, 3, 12) == [[1, 4], [2, 8], [3, 12]])
    #expect(try pairs(.uniform, 4, 6) == [[1, 2], [2, 3], [3, 5], [4, 6]])
    #expect(try pairs(.uniform, 5, 5) == [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]])
    #expect(try pairs(.last, 3, 12) == [[1, 10], [2, 11], [3, 12]])
    #expect(try pairs(.skip, 3, 12) == [[1, 1], [2, 5], [3, 9]])
    #expect(try pairs(.pairs([LayerPair(student: 2, teacher: 1)]), 3, 12) == [[2, 1]])
    for (map, student, teacher) in [
      (LayerMap.uniform, 4, 3), (.last, 4, 3), (.skip, 4, 3), (.pairs([LayerPair(student: 4, teacher: 1)]), 3, 12),
      (.pairs([LayerPair(student: 1, teacher: 13)]), 3, 12),
      (.pairs([LayerPair(student: 1, teacher: 1), LayerPair(student: 1, teacher: 2)]), 3, 12),
    ] {
      #expect(throws: (any Error).self) { try map.resolved(student: student, teacher: teacher) }
    }
  }
}
