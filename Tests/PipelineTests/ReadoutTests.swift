import DistillCore
import DistillPipeline
import Foundation
import Testing

/// A linear readout of the keys that answers in the place of the student's classifier.
struct ReadoutTests {
  /// Runs a student whose classifier has learnt nothing, so that its best loss is that of answering all labels alike.
  private func report(
    _ use: String, choices: String = "", texts count: Int = 600, noise: Bool, _ bench: Workbench
  ) throws -> Report {
    let lines = Workbench.intents(count, key: RandomKey(1)).split(separator: "\n")
    let rows = lines.enumerated().map { row, line in
      if row == 0 || !noise { return String(line) }
      return line.prefix { $0 != "\t" } + "\t" + Workbench.labels[RandomKey(5).integer(below: 3, UInt64(row))]
    }
    try bench.write(rows.joined(separator: "\n") + "\n", to: "train.tsv")
    let pipeline = """
      version: 1
      name: tiny
      task: {use: tsv, train: train.tsv, validation: validation.tsv, label: intent, max_length: 16, hold_out: 0.25}
      student: {use: bert, checkpoint: teacher, classifier: fresh}
      losses: [{use: hard-cross-entropy}]
      knowledge_base: {retriever: {use: exact}, space: student, neighbours: 4, readout: \(use)\(choices)}
      training: {epochs: 1, batch_size: 8, learning_rate: 1e-9, keep: last}
      output: runs/tiny

      """
    return try bench.run(try bench.pipeline(pipeline), into: "tiny")
  }

  @Test(arguments: [
    ("auto", 600, false, true), ("auto", 600, true, false), ("never", 600, false, false), ("always", 600, true, true),
    ("auto", 200, false, false),  // its loss is less, and that may be chance
  ]) func answersWhereHeldOutTextsSaySo(_ use: String, count: Int, noise: Bool, answers: Bool) throws {
    let bench = try Workbench()
    let report = try report(use, texts: count, noise: noise, bench)
    #expect(report.rows.contains { $0.name == "readout + knowledge base" } == answers, "\(report.remarks ?? [])")
    #expect(report.remarks?.contains { $0.contains("held-out texts, the readout has a loss") } == (use == "auto"))
    #expect(report.remarks?.contains { $0.hasSuffix("which may be chance") } == (count == 200))
    let run = try bench.finished("tiny")
    #expect(try run.chosenReadout() == (answers ? 1 : nil))
    #expect(try run.readouts().map(\.readout.count) == (answers ? [450] : []))
    guard answers else { return }
    let texts = try run.task.read(bench.url.appending(path: "validation.tsv")).examples
    let right = zip(try run.predict(texts), texts).count { answer, text in
      text.target == answer.label.flatMap(Workbench.labels.firstIndex).map(Target.label)
    }
    let row = try #require(report.rows.first { $0.name == "readout + knowledge base" })
    #expect(abs(row.scores[0].value - Double(right) / Double(texts.count)) < 1e-9)
  }

  /// A readout keeps its own share of the answer instead of half of the neighbours', and other settings replace it.
  @Test func aReadoutKeepsItsShare() throws {
    let bench = try Workbench()
    let report = try report("always", choices: ", choose: {beta: [0]}", noise: false, bench)
    #expect(report.remarks?.contains { $0.hasSuffix("its share beside the neighbours is β = 0.0") } == true)
    let run = try bench.finished("tiny")
    let texts = try run.task.read(bench.url.appending(path: "validation.tsv")).examples
    for (answer, other) in zip(
      try run.predict(texts),
      try run.predict(texts, mixing: Mixing(neighbours: 4, beta: 1, temperature: 0.1)))
    {
      #expect(answer.scores == answer.retrieved && answer.scores != answer.student)
      #expect(other.scores == other.student)
    }
    // Fitted again, to the held-out texts as well, it has the same share, and beside what was taught later no share was chosen.
    #expect(try run.refit().readout.count == 600)
    #expect(try bench.finished("tiny").predict(texts).allSatisfy { $0.scores == $0.retrieved })
    try bench.write("text\tintent\nplease may i\tcancel\n", to: "more.tsv")
    _ = try run.teach(bench.url.appending(path: "more.tsv"))
    _ = try bench.finished("tiny").refit()
    #expect(try bench.finished("tiny").predict(texts).contains { $0.scores != $0.retrieved })
  }

  /// A readout that knows more than the knowledge base after a revert would give probability to what is gone.
  @Test func revertingTakesAReadoutBack() throws {
    let bench = try Workbench()
    _ = try report("always", noise: false, bench)
    let run = try bench.finished("tiny")
    try bench.write("text\tintent\nplease may i\tgreeting\nso may i\tgreeting\n", to: "more.tsv")
    _ = try run.teach(bench.url.appending(path: "more.tsv"))
    #expect(try bench.finished("tiny").refit().number == 2)
    // Nothing that the second readout was fitted to is taken back.
    #expect(try bench.finished("tiny").revert(to: 2) == false)
    #expect(try run.chosenReadout() == 2)
    #expect(try bench.finished("tiny").revert(to: 1))
    #expect(try run.chosenReadout() == 1)
    let answers = try bench.finished("tiny").predict([Example(text: "please may i", line: 1)])
    #expect(abs(answers[0].scores.values.reduce(0, +) - 1) < 1e-4 && answers[0].label != "greeting")
    // Without an older one, the student's classifier answers.
    try FileManager.default.removeItem(at: bench.url.appending(path: "runs/tiny/readouts/1"))
    try run.choose(readout: 2)
    #expect(try bench.finished("tiny").revert(to: 1))
    #expect(try run.chosenReadout() == nil)
    #expect(try bench.finished("tiny").revert(to: 1) == false)
  }

  /// What is part of a state is not told by the numbers of changes, because a revert makes a later number of an earlier state.
  @Test func revertingInAHistoryWithBranches() throws {
    let bench = try Workbench()
    _ = try report("always", noise: false, bench)
    func teach(_ label: String) throws -> Int {
      try bench.write("text\tintent\nplease may i\t\(label)\nso may i\t\(label)\n", to: "more.tsv")
      _ = try bench.finished("tiny").teach(bench.url.appending(path: "more.tsv"))
      return try bench.finished("tiny").refit().number
    }
    func chosen(after change: Int) throws -> Int? {
      _ = try bench.finished("tiny").revert(to: change)
      return try bench.finished("tiny").chosenReadout()
    }
    #expect(try teach("greeting") == 2)  // change 2
    #expect(try chosen(after: 1) == 1)  // change 3, whose state is that of 1
    #expect(try teach("farewell") == 3)  // change 4
    #expect(try chosen(after: 3) == 1)  // change 5: readout 2 is older than change 3, and knows "greeting"
    #expect(try bench.finished("tiny").refit().number == 4)  // fitted after change 5, to the state of 1
    #expect(try chosen(after: 1) == 4)  // change 6
    #expect(try chosen(after: 4) == 4)  // change 7: what it knows is part of that state
    try bench.finished("tiny").knowledgeLog().compact()  // change 8
    #expect(try bench.finished("tiny").refit().number == 5)
    #expect(try teach("thanks") == 6)  // change 9
    #expect(try chosen(after: 8) == 5)
  }

  @Test func keysOfTheTeacherAreRefused() throws {
    let error = #expect(throws: Diagnostics.self) {
      try Workbench().pipeline(replacing: [("space: teacher,", "space: teacher, readout: always,")])
    }
    let problems = try #require(error as Diagnostics?).list.map(\.message)
    #expect(problems.count == 1 && problems[0].contains("these are the teacher's"))
  }
}
