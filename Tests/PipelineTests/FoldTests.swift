import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import TestSupport
import Testing

/// Keys that are labelled by teachers which have not learnt from their texts.
struct FoldTests {
  private static let outOfFold = "space: student, labels: out-of-fold, folds: 3, "
  private static let changes = [(old: "space: teacher, labels: soft, ", new: outOfFold)]

  @Test func foldsArePartsOfEqualSize() {
    let examples = (0..<31).map { row in
      // 17 texts of one label, of which one is there three times, and 14 of another.
      Example(text: row < 3 ? "copy" : "text \(row)", target: .label(row < 17 ? 0 : 1), line: row + 2)
    }
    let folds = Fold.all(4, of: examples, key: RandomKey(1))
    #expect(folds.flatMap(\.rows).sorted() == Array(0..<31))
    #expect(folds.map(\.number) == [1, 2, 3, 4])
    for fold in folds {
      #expect(fold.rows == fold.rows.sorted())
      #expect([0, 3].contains(fold.rows.count { $0 < 3 }))
      #expect(
        (3...4).contains(fold.rows.count { $0 >= 17 })
          && (3...4).contains(Set(fold.rows.map { max($0, 2) }).count { $0 < 17 }))
    }
    #expect(Fold.all(4, of: examples, key: RandomKey(1)).map(\.rows) == folds.map(\.rows))
    #expect(Fold.all(4, of: examples, key: RandomKey(2)).map(\.rows) != folds.map(\.rows))
  }

  /// The label of a key is what a teacher of a run says of the text that has never seen it, because the fold was taken out of its files.
  @Test func labelsAreThoseOfTeachersWithoutTheFold() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: Self.changes)
    let report = try bench.run(pipeline, into: "tiny")
    let folds = pipeline.options.folds(3, of: try pipeline.options.texts())
    let rows = try bench.rows("train.tsv")
    let labels = try bench.finished("tiny").knowledgeLog().snapshot().softLabels
    #expect(labels.count == rows.count)

    let own = Set(folds[1].rows)
    func lines(_ isIncluded: (Int) -> Bool) -> String {
      rows.indices.filter(isIncluded).map { "\(rows[$0].text)\t\(rows[$0].intent)\n" }.joined()
    }
    try bench.write("text\tintent\n" + lines { !own.contains($0) }, to: "others.tsv")
    try bench.write("text\tintent\n" + lines(own.contains), to: "fold.tsv")
    let others = [
      (old: "train: train.tsv", new: "train: others.tsv, unlabelled: fold.tsv, labels: [cancel, refund, track]"),
      (old: "space: teacher, labels: soft, ", new: "space: student, labels: gold-or-soft, "),
    ]
    try bench.run(try bench.pipeline(replacing: others), into: "others")
    let wanted = try bench.finished("others").knowledgeLog().snapshot()
    let unlabelled = wanted.entries.filter { $0.source == "unlabelled" }
    #expect(unlabelled.map(\.text) == folds[1].rows.map { rows[$0].text })
    for (entry, row) in zip(unlabelled, folds[1].rows) {
      let (mine, theirs) = (try #require(labels[row]), try #require(wanted.softLabels[entry.id]))
      #expect(zip(mine, theirs).allSatisfy { abs($0 - $1) < 1e-6 })
    }
    // The teacher that has learnt from all texts says something else, and the report how good the others were.
    try bench.run(try bench.pipeline(replacing: [(old: "space: teacher, ", new: "space: student, ")]), into: "soft")
    #expect(try bench.finished("soft").knowledgeLog().snapshot().softLabels != labels)
    let right = rows.indices.count { row in
      labels[row].map { Workbench.labels[Tensor($0, [1, 3]).rowArgmax()[0]] == rows[row].intent } ?? false
    }
    let remark = try #require(report.remarks).first {
      $0.hasPrefix("labels of the knowledge base: 60 training texts are answered by 3 teachers")
    }
    #expect(remark?.contains(String(format: "%.4f", Double(right) / 60)) == true)
    let augmentation = try #require(try bench.finished("tiny").augmentation)
    #expect(augmentation.knowledge.softLabels.values.contains { $0 > 0 && $0 < 1 })
  }

  /// What is held out or has no label is answered by the teacher that has learnt from the others, and the training texts are not.
  @Test func theTeacherAnswersWhatItHasNotLearntFrom() throws {
    let bench = try Workbench()
    let more = try bench.rows("validation.tsv").prefix(9).map { $0.text + "\n" }.joined()
    try bench.write(more, to: "more.txt")
    let files = [(old: "max_length: 16", new: "max_length: 16, hold_out: 0.2, unlabelled: more.txt")]
    func labels(_ kind: String) throws -> [Int: [Float]] {
      try bench.run(
        try bench.pipeline(
          replacing: files + [(old: "space: teacher, labels: soft, ", new: "space: student, \(kind), ")]),
        into: String(kind.dropFirst(8)))
      return try bench.finished(String(kind.dropFirst(8))).knowledgeLog().snapshot().softLabels
    }
    let (soft, outOfFold) = (try labels("labels: soft"), try labels("labels: out-of-fold"))
    #expect(soft.count == 48 + 9 + 12 && outOfFold.count == soft.count)
    for id in soft.keys {
      let (one, other) = (try #require(soft[id]), try #require(outOfFold[id]))
      #expect((zip(one, other).allSatisfy { abs($0 - $1) < 1e-6 }) == (id >= 48), "entry \(id)")
    }
    #expect(try String(decoding: bench.data("runs/out-of-fold/pipeline.yaml"), as: UTF8.self).contains("folds: 5"))
  }

  /// Both members of an ensemble learn without the fold, and a run without a validation file has the score as well.
  @Test func anEnsembleWithoutAValidationFile() throws {
    let bench = try Workbench()
    let second = Workbench.fineTuned.replacing("epochs: 4", with: "epochs: 4, seed: 7")
    let text = Workbench.pipeline(teacher: "{use: ensemble, of: [\(Workbench.fineTuned), \(second)]}")
    let pipeline = try bench.pipeline(
      text,
      replacing: [
        (old: "labels: soft, ", new: "labels: out-of-fold, folds: 2, "), (old: "validation: validation.tsv, ", new: ""),
      ])
    var phases: Set<String> = []
    let report = try bench.run(pipeline, into: "tiny") {
      if case .step(let record) = $0 { phases.insert(record.phase) }
    }
    let members = (1...2).flatMap { fold in (1...2).map { "teacher: fine-tuning, fold \(fold), member \($0)" } }
    #expect(phases.isSuperset(of: members))
    #expect(report.rows.isEmpty && report.remarks?.contains { $0.contains("are answered by 2 teachers") } == true)
  }

  /// The labels that look wrong are those that the stored answers contradict, the surest first.
  @Test func contradictedLabelsAreListed() throws {
    let bench = try Workbench()
    let report = try bench.run(try bench.pipeline(replacing: Self.changes), into: "tiny")
    let map = try #require(report.findings?.map)
    let state = try bench.finished("tiny").knowledgeLog().snapshot()
    let wanted = state.entries.compactMap { entry -> (id: Int, label: String, others: String, p: Float)? in
      guard let p = state.softLabels[entry.id], let label = entry.label, let most = p.max() else { return nil }
      let other = Workbench.labels[p.firstIndex(of: most) ?? 0]
      return other == label ? nil : (entry.id, label, other, most)
    }.sorted { ($0.p, $1.id) > ($1.p, $0.id) }.prefix(20)
    #expect(!wanted.isEmpty && map.areTeachersDoubts == true)
    #expect(map.doubts.map(\.id) == wanted.map(\.id) && map.doubts.map(\.label) == wanted.map(\.label))
    #expect(map.doubts.map(\.others) == wanted.map(\.others))
    #expect(zip(map.doubts, wanted).allSatisfy { abs($0.similarity - Double($1.p)) < 1e-6 })
    #expect(report.html.contains("the teacher's answer") && !report.html.contains("its 8 neighbours"))
    let gold = try bench.run(
      try bench.pipeline(replacing: [(old: "labels: soft, ", new: "labels: gold, ")]), into: "gold")
    #expect(gold.findings?.map?.areTeachersDoubts == false && !gold.html.contains("the teacher's answer"))
  }

  /// Another run uses the same teachers, and one that is stopped goes on to the same bytes.
  @Test func sharingAndResuming() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: Self.changes)
    try bench.run(try bench.pipeline(replacing: [(old: "space: teacher, ", new: "space: student, ")]), into: "soft")
    // The teacher is there, and the three of the folds are not.
    let plan = try RunPlan(pipeline, steps: 2)
    #expect(plan.foldSeconds > 0 && plan.seconds["teacher"] == plan.foldSeconds)
    #expect(try plan.phases.map(\.name) == ["student"] && plan.text().contains("teachers of the folds"))
    try bench.run(pipeline, into: "whole")
    var (phases, prepared) = (Set<String>(), 0)
    func observe(_ event: TrainingEvent) {
      if case .step(let record) = event { phases.insert(record.phase) }
      if case .note(let note) = event, note.contains("prepared before by the same settings") { prepared += 1 }
    }
    try bench.run(pipeline, into: "again", observe: observe)
    #expect(phases == ["student"] && prepared == 4)
    #expect(try RunPlan(pipeline, steps: 2).seconds["teacher"] == 0)

    func forget() throws { try FileManager.default.removeItem(at: bench.url.appending(path: "runs/prepared-teachers")) }
    try forget()
    let stop = StopRequest()
    #expect(throws: TrainingError.self) {
      try bench.run(pipeline, into: "stopped", stop: stop) {
        if case .epoch(let record) = $0, record.phase == "teacher: fine-tuning, fold 2", record.epoch == 2 {
          stop.stop(signal: 15)
        }
      }
    }
    try forget()
    phases = []
    try bench.run(pipeline, into: "stopped", resumes: true, observe: observe)
    #expect(!phases.contains("teacher: fine-tuning, fold 1") && phases.contains("teacher: fine-tuning, fold 2"))
    for run in ["again", "stopped"] {
      #expect(
        try bench.finished(run).knowledgeLog().snapshot().softLabels
          == bench.finished("whole").knowledgeLog().snapshot().softLabels)
    }
    #expect(!bench.exists("runs/stopped/checkpoints"))
  }

  @Test func mistakes() throws {
    let bench = try Workbench()
    for (options, message) in [
      ("labels: soft, folds: 3, ", "counts only with `labels: out-of-fold`"),
      ("labels: out-of-fold, folds: 1, ", "2"), ("labels: out-of-folds, ", "`out-of-fold`"),
    ] {
      let error = #expect(throws: Diagnostics.self) {
        try bench.pipeline(replacing: [(old: "space: teacher, labels: soft, ", new: options)])
      }
      #expect(
        try #require(error).list.map(\.message).contains { $0.contains(message) },
        "\(options) \(error?.list.map(\.message) ?? [])")
    }
    // Too many folds are told before anything is run, but where copies of texts make them too many.
    let many = Self.outOfFold.replacing("folds: 3", with: "folds: 61")
    let error = #expect(throws: Diagnostics.self) {
      try bench.pipeline(replacing: [(old: "space: teacher, labels: soft, ", new: many)])
    }
    #expect(try #require(error).list.map(\.message) == ["asks for 61 folds of 60 training texts"])
    try bench.write(
      "text\tintent\n" + Workbench.labels.map { "the same\t\($0)\n" }.joined() + "where is it\ttrack\n",
      to: "copies.tsv")
    let copies = try bench.pipeline(replacing: Self.changes + [(old: "train: train.tsv", new: "train: copies.tsv")])
    let few = #expect(throws: ContractError.self) { try bench.run(copies, into: "copies") }
    #expect("\(try #require(few))".contains("4 training texts cannot be cut into 3 folds"))

    // A teacher that learns nothing here is the same without a fold. It is told before the student learns anything.
    try bench.run(try bench.pipeline(Workbench.pipeline(teacher: Workbench.fineTuned)), into: "tiny")
    let finished = try bench.pipeline(
      Workbench.pipeline(teacher: "{use: bert, checkpoint: runs/tiny/teacher}"),
      replacing: [(old: "labels: soft, ", new: "labels: out-of-fold, ")])
    let same = #expect(throws: ContractError.self) {
      try bench.run(finished, into: "same") { if case .step = $0 { Issue.record("something was trained") } }
    }
    #expect("\(try #require(same))".contains("in the same way"))
  }
}
