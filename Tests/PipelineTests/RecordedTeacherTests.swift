import DistillCore
import DistillPipeline
import DistillRecordedTeacher
import DistillTraining
import Foundation
import TestSupport
import Testing

extension Workbench {
  /// A pipeline whose student has a checkpoint of its own.
  static func pipeline(teacher: String, task: String = "", losses: String = "[{use: soft-cross-entropy}]") -> String {
    """
    version: 1
    name: tiny
    task: {use: tsv, train: train.tsv, validation: validation.tsv, label: intent, max_length: 16\(task)}
    teacher: \(teacher)
    student: {use: bert, checkpoint: teacher, layers: [2]}
    losses: \(losses)
    knowledge_base: {retriever: {use: exact}, space: student, labels: soft, neighbours: 4, beta: 0.5, temperature: 0.1}
    training: {epochs: 3, batch_size: 8, learning_rate: 0.003}
    output: runs/tiny

    """
  }

  static let fineTuned = "{use: bert, checkpoint: teacher, fine_tune: {epochs: 4, batch_size: 8, learning_rate: 0.003}}"

  /// Texts and intents of a file.
  func rows(_ name: String) throws -> [(text: String, intent: String)] {
    String(decoding: try data(name), as: UTF8.self).split(separator: "\n").dropFirst().map {
      let fields = $0.split(separator: "\t")
      return (String(fields[0]), String(fields[1]))
    }
  }

  /// Writes what the teacher of a run answers to files, in the order of the files.
  func record(_ run: String, _ files: [String], to name: String, _ line: (Response, Int) throws -> String) throws {
    let teacher = try #require(try finished(run).teacher())
    var lines = ""
    for file in files {
      let texts = try rows(file).map { Example(text: $0.text, line: 1) }
      let response = try Compute.$threads.withValue(1) {
        try answers(
          of: teacher, to: EncodedDataset(texts, with: teacher.tokenizer, maximumLength: 16),
          with: [.logits, .embedding])
      }
      for (row, text) in texts.enumerated() {
        lines += "{\"text\": \"\(text.text)\", \(try line(response, row))}\n"
      }
    }
    try write(lines, to: name)
  }
}

/// Students of teachers that are files.
struct RecordedTeacherTests {
  static func list(_ numbers: some Sequence<Float>) -> String { "\(Array(numbers))" }

  /// A recorded teacher gives bit for bit the student of the teacher whose answers were recorded.
  @Test func theStudentIsThatOfTheSource() throws {
    let bench = try Workbench()
    let losses = "[{use: soft-cross-entropy, temperature: 2}, {use: relational-kl, weight: 0.5}]"
    try bench.run(try bench.pipeline(Workbench.pipeline(teacher: Workbench.fineTuned, losses: losses)), into: "live")
    try bench.record("live", ["train.tsv", "validation.tsv"], to: "answers.jsonl") { response, row in
      "\"logits\": \(Self.list(Matrix(try response[.logits]).row(row))), "
        + "\"embedding\": \(Self.list(Matrix(try response[.embedding]).row(row)))"
    }
    let pipeline = try bench.pipeline(
      Workbench.pipeline(teacher: "{use: recorded, file: answers.jsonl}", losses: losses))
    #expect(pipeline.summary.contains("teacher: file of answers, embedding 16, 3 outputs"), "\(pipeline.summary)")
    let report = try bench.run(pipeline, into: "recorded")
    #expect(try bench.student("live") == bench.student("recorded"))
    for file in ["base.safetensors"] {
      let segment = "knowledge-base/segments/\(file)"
      if bench.exists("runs/live/\(segment)") {
        #expect(try bench.data("runs/live/\(segment)") == bench.data("runs/recorded/\(segment)"))
      }
    }
    let live = try Report(RunFolder(bench.url.appending(path: "runs/live")))
    #expect(report.rows.map(\.name).prefix(2) == ["teacher", "student"])
    for (one, other) in zip(live.rows, report.rows) where one.name == other.name {
      #expect(one.scores.map(\.value) == other.scores.map(\.value), "\(one.name)")
    }
    #expect(report.rows[0].speed == nil && report.rows[0].parameters == 0)
    #expect(
      report.remarks?.contains { $0.hasPrefix("the teacher's answers to the 60 labelled training texts: accuracy") }
        == true)

    // Probabilities in place of logits change nothing but the last bits.
    try bench.record("live", ["train.tsv"], to: "answers.jsonl") { response, row in
      let p = Matrix(softmax(try response[.logits])).row(row)
      return "\"probabilities\": {" + zip(Workbench.labels, p).map { "\"\($0)\": \($1)" }.joined(separator: ", ")
        + "}, "
        + "\"embedding\": \(Self.list(Matrix(try response[.embedding]).row(row)))"
    }
    let softened = try bench.run(
      try bench.pipeline(Workbench.pipeline(teacher: "{use: recorded, file: answers.jsonl}", losses: losses)),
      into: "probabilities")
    let texts = try bench.rows("validation.tsv").map { Example(text: $0.text, line: 1) }
    let pairs = zip(try bench.finished("recorded").predict(texts), try bench.finished("probabilities").predict(texts))
    // 24 steps carry differences of 1e-7 on; a wrong temperature changes these by 1e-2.
    for (one, other) in pairs { #expect(one.student.allSatisfy { abs($1 - (other.student[$0] ?? 9)) < 1e-4 }) }
    #expect(softened.rows[0].name == "student")
    #expect(softened.remarks?.contains("the teacher has no row: it has no answer to 24 of these 24 texts") == true)
  }

  /// The answers of labels alone, of which some are missing.
  @Test func textsWithoutAnAnswer() throws {
    let bench = try Workbench()
    let rows = try bench.rows("train.tsv")
    func write(_ rows: some Sequence<(text: String, intent: String)>) throws {
      try bench.write(
        rows.map { "{\"text\": \"\($0.text)\", \"label\": \"\($0.intent)\"}\n" }.joined(), to: "answers.jsonl")
    }
    try write(rows)
    let text = Workbench.pipeline(teacher: "{use: recorded, file: answers.jsonl, label_smoothing: 0.1}")
    let whole = try bench.pipeline(text)
    #expect(whole.warnings.isEmpty)
    let report = try bench.run(whole, into: "whole")
    #expect(
      report.remarks?.first
        == "the teacher's answers to the 60 labelled training texts: accuracy 1.0000 with their labels")

    let left = Set(rows.enumerated().filter { [3, 9, 20, 41].contains($0.offset) }.map(\.element.text))
    let missing = rows.count { left.contains($0.text) }
    try write(rows.filter { !left.contains($0.text) })
    let error = try #require(#expect(throws: Diagnostics.self) { try bench.pipeline(text) })
    let message =
      "the teacher has no answer to \(missing) of 60 texts to learn from: train.tsv:5, train.tsv:11, train.tsv:22, …"
    #expect(error.list.map(\.message) == [message] && error.list[0].hint?.contains("missing: skip") == true)
    #expect(error.list[0].range.line == 4)

    let skipping = try bench.pipeline(text.replacing("smoothing: 0.1}", with: "smoothing: 0.1, missing: skip}"))
    #expect(skipping.warnings.map(\.message) == [message + "; they are left out"])
    let fewer = try bench.run(skipping, into: "fewer")
    #expect(fewer.remarks?.first == message + "; they were left out")
    #expect(try bench.finished("fewer").knowledgeLog().snapshot().entries.count == 60 - missing)
    #expect(try RunPlan(skipping, steps: 2).phases.last?.stepsPerEpoch == (60 - missing + 7) / 8)
    // Other answers are another run.
    let provenance = try (bench.finished("whole").record.provenance, bench.finished("fewer").record.provenance)
    #expect(provenance.0["files.teacher.file"]?.count == 64)
    #expect(provenance.0["files.teacher.file"] != provenance.1["files.teacher.file"])

    // A finished run needs its teacher for nothing but the teacher's row.
    let finished = try bench.finished("whole")
    #expect(try finished.evaluate().remarks == ["the teacher has no row: it has no answer to 24 of these 24 texts"])
    try bench.write("text\tintent\n\(rows[0].text)\t\(rows[0].intent)\n", to: "one.tsv")
    #expect(try finished.evaluate(bench.url.appending(path: "one.tsv")).rows.first?.name == "teacher")
    let unknown = #expect(throws: ContractError.self) {
      try finished.teach(bench.url.appending(path: "validation.tsv"), isUnlabelled: true)
    }
    #expect("\(try #require(unknown))".hasPrefix("there is no recorded answer to"))

    try bench.write("{\"text\": \"nobody's\", \"label\": \"cancel\"}\n", to: "answers.jsonl")
    let nothing = #expect(throws: Diagnostics.self) {
      try bench.pipeline(text.replacing("smoothing: 0.1}", with: "smoothing: 0.1, missing: skip}"))
    }
    #expect(try #require(nothing).list.first?.message.contains("no answer to 60 of 60") == true)
  }

  /// Nobody has labelled anything: all that is learnt are recorded answers to unlabelled texts.
  @Test func withoutAnyLabels() throws {
    let bench = try Workbench()
    let rows = try bench.rows("train.tsv")
    try bench.write(rows.map { $0.text + "\n" }.joined(), to: "texts.txt")
    try bench.write(
      rows.map { "{\"text\": \"\($0.text)\", \"label\": \"\($0.intent)\", \"confidence\": 0.9}\n" }.joined(),
      to: "answers.jsonl")
    let text = Workbench.pipeline(
      teacher: "{use: recorded, file: answers.jsonl}", task: ", unlabelled: texts.txt, labels: [cancel, refund, track]"
    ).replacing("train: train.tsv", with: "train: []").replacing("epochs: 3", with: "epochs: 15")
    let pipeline = try bench.pipeline(text)
    var notes: [String] = []
    let report = try bench.run(pipeline, into: "tiny") { if case .note(let note) = $0 { notes.append(note) } }
    // The keywords are learnt from nothing but the answers.
    #expect(try #require(report.rows.first { $0.name == "student" }).scores[0].value > 0.8, "\(report.text)")
    #expect(notes.contains("no baselines: no text has a label that they could learn"))
    #expect(try bench.finished("tiny").predict([Example(text: "where is my parcel", line: 1)])[0].label == "track")
    #expect(try RunPlan(pipeline, steps: 2).phases.last?.stepsPerEpoch == 8)

    for (old, new, message) in [
      (", labels: [cancel, refund, track]", "", "there is no labelled file that the labels could be collected from"),
      (", unlabelled: texts.txt", "", "names no file"),
      ("max_length: 16", "max_length: 16, hold_out: 0.1", "there are no labelled texts that could be held out"),
      ("labels: soft", "labels: gold", "no text has a label that could be stored"),
      ("labels: soft", "labels: out-of-fold", "no text has a label that could be stored or learnt from"),
      ("labels: soft", "labels: soft, readout: always", "no text has a label that a readout could be fitted to"),
    ] {
      let error = #expect(throws: Diagnostics.self) { try bench.pipeline(text, replacing: [(old, new)]) }
      #expect(try #require(error).list.map(\.message).contains { $0.contains(message) }, "\(String(describing: error))")
      #expect(try #require(error).list.count == 1, "\(String(describing: error))")
    }
    // A teacher that has to learn itself says what is missing.
    let trained = try bench.pipeline(text, replacing: [("{use: recorded, file: answers.jsonl}", Workbench.fineTuned)])
    let error = #expect(throws: ContractError.self) { try bench.run(trained, into: "trained") }
    #expect("\(try #require(error))".contains("the teacher learns from labels, and no text has one"))
  }

  /// What a file of answers does not have is refused before anything begins, once and at its place.
  @Test func whatAFileDoesNotHave() throws {
    let bench = try Workbench()
    try bench.write(
      "{\"text\": \"a\", \"label\": \"cancel\"}\n{\"text\": \"b\", \"label\": \"cancle\"}\n", to: "wrong.jsonl")
    let rows = try bench.rows("train.tsv")
    try bench.write(
      rows.map { "{\"text\": \"\($0.text)\", \"label\": \"\($0.intent)\"}\n" }.joined(), to: "answers.jsonl")
    let text = Workbench.pipeline(teacher: "{use: recorded, file: answers.jsonl}")
    let head = "{use: supervised-contrastive-head, base: {use: recorded, file: answers.jsonl}}"
    for (old, new, message, line) in [
      (
        "{use: soft-cross-entropy}", "{use: attention-kl}",
        "attention:1 does not exist: the teacher, a file of answers, has logits", 6
      ),
      (
        "{use: soft-cross-entropy}", "{use: cls-cosine}",
        "class-token:1 does not exist: the teacher, a file of answers, has logits", 6
      ),
      (
        "{use: soft-cross-entropy}", "{use: relational-kl}", "embedding does not exist: the teacher, a file of answers",
        6
      ),
      ("space: student", "space: teacher", "embedding does not exist: the teacher, a file of answers", 7),
      ("{use: recorded, file: answers.jsonl}", head, "embedding does not exist: the teacher, a file of answers", 4),
      ("checkpoint: teacher, layers: [2]", "from_teacher_layers: [1]", "has neither layers nor a vocabulary", 5),
      (
        "answers.jsonl", "wrong.jsonl",
        "wrong.jsonl:2: the member 'label' has the unknown label 'cancle'; did you mean 'cancel'?", 4
      ),
      ("answers.jsonl", "nowhere.jsonl", "nowhere.jsonl: cannot be read", 4),
    ] {
      let error = #expect(throws: Diagnostics.self) { try bench.pipeline(text, replacing: [(old, new)]) }
      let list = try #require(error).list
      #expect(list.count == 1 && list[0].message.contains(message) && list[0].range.line == line, "\(list)")
    }
  }
}
