import DistillCore
import DistillPipeline
import Foundation
import Testing

/// Mistakes that only show when the parts are put together, each at its place. No weight can have been read: the folder of the
/// teacher holds none.
struct WiringTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    /// What to replace in the workbench's pipeline, and with what; « marks where the complaint belongs.
    let old: String
    let new: String
    let message: String
    /// How many parts complain.
    var complaints = 1
    var testDescription: String { message }
  }

  static let mistakes = [
    Mistake(old: "[2]}\nlosses", new: "«[2, 4]}\nlosses", message: "layer 4 does not exist: there are 3"),
    Mistake(
      old: "  - {use: relational-kl, weight: 0.5}", new: "  - {use: hidden-distance}\nlayer_map: [«[1, 4]]",
      message: "the pair 1 ← 4 does not exist"),
    Mistake(
      old: "{use: relational-kl, weight: 0.5}", new: "{use: hidden-distance}\nlayer_map: [«[2, 1]]",
      message: "the pair 2 ← 1 does not exist"),
    Mistake(
      old: "  use: supervised-contrastive-head", new: "  use: supervised-contrastive-head\n  width: 8",
      message: "the teacher's embedding has width 8 and the student's 16", complaints: 2),
    Mistake(
      old: "use: bert, from_teacher_layers: [2]", new: "use: bert, checkpoint: other", message: "different vocabularies"
    ),
    Mistake(
      old: "{use: relational-kl, weight: 0.5}", new: "{use: hidden-distance}\nlayer_map: [[1, 1], «[1, 2]]",
      message: "student layer 1 learns from two teacher layers"),
    Mistake(
      old: "training:", new: "schedule: {use: «progressive}\ntraining:",
      message: "no loss of this pipeline is layer-wise"),
    Mistake(
      old: "  - {use: soft-cross-entropy}\n  - {use: relational-kl, weight: 0.5}",
      new: "  - {use: hidden-distance}\nschedule: {use: «stacked}", message: "no loss of this pipeline reads them"),
    Mistake(
      old: "{use: relational-kl, weight: 0.5}",
      new: "{use: hidden-distance}\nschedule: {use: stacked, cosine_threshold: «0.1}",
      message: "compared with `cls-cosine`"),
    Mistake(
      old: "{use: relational-kl, weight: 0.5}",
      new: "{use: hidden-distance}\nschedule: {use: stacked, epochs_per_layer: «3}", message: "leave none of 3 epochs"),
    Mistake(old: "train: train.tsv", new: "train: «no.tsv", message: "there is no file"),
    Mistake(old: "validation: validation.tsv", new: "validation: «no.tsv", message: "there is no file"),
    Mistake(old: "label: intent", new: "label: purpose", message: "there is no column 'purpose'"),
    Mistake(old: "checkpoint: teacher", new: "checkpoint: nowhere", message: "config.json"),
    Mistake(
      old: "{retriever: {use: exact}, neighbours: 4, beta: 0.5}",
      new: "«{retriever: {use: exact}, choose: {beta: [0, 1]}}", message: "`choose` needs examples"),
  ]

  @Test(arguments: mistakes) func mistakesAreToldAtTheirPlaces(_ mistake: Mistake) throws {
    let bench = try Workbench()
    try FileManager.default.removeItem(at: bench.url.appending(path: "teacher/model.safetensors"))
    try bench.writeBERT("other", vocabulary: Workbench.vocabulary.dropLast() + ["##xyz"])
    let marked = Workbench.pipeline.replacing(mistake.old, with: mistake.new)
    #expect(marked != Workbench.pipeline)
    let error = #expect(throws: Diagnostics.self) { try bench.pipeline(marked.replacing("«", with: "")) }
    let list = try #require(error).list
    #expect(list.count == mistake.complaints, "\(list.map(\.message))")
    let first = try #require(list.first)
    #expect(first.message.contains(mistake.message))
    let before = marked.prefix { $0 != "«" }
    guard before.count < marked.count else { return }
    #expect(first.range.line == before.filter { $0 == "\n" }.count + 1)
    #expect(
      first.range.column == (before.split(separator: "\n", omittingEmptySubsequences: false).last?.count ?? 0) + 1)
  }

  @Test func mistakesInABaseAreToldThere() throws {
    let bench = try Workbench()
    try bench.write(
      Workbench.pipeline.replacing("train: train.tsv", with: "train: \"${DATA}/train.tsv\""), to: "base.yaml")
    try bench.write("extends: base.yaml\nstudent: {use: bert, from_teacher_layers: [4]}", to: "a.yaml")
    func problems(_ data: String) throws -> [Diagnostic] {
      let error = #expect(throws: Diagnostics.self) {
        try Pipeline(file: bench.path("a.yaml"), environment: ["DATA": data], registry: try registry())
      }
      return try #require(error).list
    }
    for (data, place, message) in [
      (bench.path("nowhere"), "base.yaml:3:25", "there is no file"), (".", "a.yaml:2:43", "layer 4 does not exist"),
    ] {
      let list = try problems(data)
      #expect(list.map { "\($0.range)" } == [bench.path(place)])
      #expect(list.first?.message.contains(message) == true)
    }
  }

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
      ("output", "knowledge_base: {retriever: {use: exact}}\noutput", "has no teacher", 7, 17),
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

  @Test func fiveMistakesAreToldTogether() throws {
    let bench = try Workbench()
    let wrong = """
      version: 1
      name: wrong
      task: {use: tvs, train: train.tsv}
      student: {use: brt, checkpoint: teacher}
      losses:
        - {use: relational-kl, temprature: 0.1}
        - {use: soft-cross-entropy, weight: -1}
      training: {epochs: many}
      output: runs/wrong
      """
    let error = #expect(throws: Diagnostics.self) { try bench.pipeline(wrong) }
    let list = try #require(error).list
    #expect(list.map { "\($0.range.line):\($0.range.column)" } == ["3:13", "4:16", "6:26", "7:39", "8:20"])
    #expect(list.allSatisfy { $0.severity == .error })
    #expect(list[2].hint?.contains("temperature") == true)
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
      #expect(throws: WiringError.self) { try map.resolved(student: student, teacher: teacher) }
    }
  }
}
