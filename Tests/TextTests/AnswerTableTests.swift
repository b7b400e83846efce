import DistillFormats
import DistillText
import Foundation
import TestSupport
import Testing

/// Recorded answers: every form of an answer, and everything that is wrong with one.
struct AnswerTableTests {
  private static let labels = TaskKind.classification(labels: ["cat", "dog", "newt"])
  private static let several = TaskKind.multilabel(labels: ["cat", "dog", "newt"])

  private func table(
    _ lines: [String], _ task: TaskKind = Self.labels, pairs: Bool = false, smoothing: Float = 0,
    _ change: (inout AnswerMembers) -> Void = { _ in }
  ) throws -> AnswerTable {
    var members = AnswerMembers()
    change(&members)
    return try TemporaryFolder.with { folder in
      let file = folder.appending(path: "answers.jsonl")
      try Data(lines.joined(separator: "\n").utf8).write(to: file)
      return try AnswerTable(file, members: members, task: task, hasPairs: pairs, labelSmoothing: smoothing)
    }
  }

  /// The probabilities that a line gives to the labels.
  private func probabilities(_ answer: String, _ task: TaskKind = Self.labels, smoothing: Float = 0) throws -> [Float] {
    let table = try table([#"{"text": "a", "# + answer + "}"], task, smoothing: smoothing)
    let logits = try #require(table.logits(of: PlainText("a")))
    if task.isMultilabel { return logits.map { 1 / (1 + exp(-$0)) } }
    let sum = logits.reduce(0) { $0 + exp($1) }
    return logits.map { exp($0) / sum }
  }

  private func expect(_ found: [Float], _ wanted: [Float], _ comment: Comment) {
    // Float32 has 24 bits, and exp and log lose a few.
    #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-6 } && found.count == wanted.count, comment)
  }

  @Test(
    arguments: [
      (#""label": "dog""#, [0, 1, 0]),
      (#""label": "dog", "confidence": 0.8"#, [0.1, 0.8, 0.1]),
      (#""probabilities": {"cat": 0.7, "newt": 0.1, "dog": 0.2}"#, [0.7, 0.2, 0.1]),
      (#""probabilities": [0.7, 0.2, 0.1], "label": "whatever""#, [0.7, 0.2, 0.1]),
      // What is not named shares what is left, and rounded numbers are divided by their sum.
      (#""probabilities": {"dog": 0.9}"#, [0.05, 0.9, 0.05]),
      (#""probabilities": {"dog": 1}"#, [0, 1, 0]),
      (#""probabilities": [0.333, 0.333, 0.333]"#, [1 / 3.0, 1 / 3.0, 1 / 3.0]),
      (#""logprobs": {"cat": -0.693147180559945, "dog": -1.38629436111989}"#, [0.5, 0.25, 0.25]),
      // A large language model gives some probability to words that are no label.
      (#""logprobs": [-1.38629436111989, -1.38629436111989, -2.0794415416798357]"#, [0.4, 0.4, 0.2]),
      (#""logits": [0, 0.6931471805599453, -1000]"#, [1 / 3.0, 2 / 3.0, 0]),
      (#""logits": {"newt": 0, "dog": 0, "cat": 0}, "probabilities": "ignored""#, [1 / 3.0, 1 / 3.0, 1 / 3.0]),
    ] as [(String, [Double])]) func formsOfAnAnswer(answer: String, wanted: [Double]) throws
  {
    expect(try probabilities(answer), wanted.map(Float.init), "\(answer)")
  }

  @Test func smoothing() throws {
    // ε/C to each label (Szegedy et al. 2016), but not where a confidence is known.
    expect(try probabilities(#""label": "dog""#, smoothing: 0.3), [0.1, 0.8, 0.1], "smoothed")
    expect(try probabilities(#""label": "dog", "confidence": 1"#, smoothing: 0.3), [0, 1, 0], "confident")
    expect(try probabilities(#""labels": ["dog"]"#, Self.several, smoothing: 0.2), [0.1, 0.9, 0.1], "several")
  }

  @Test func severalLabelsAndScores() throws {
    expect(try probabilities(#""labels": ["newt", "cat"]"#, Self.several), [1, 0, 1], "labels")
    expect(try probabilities(#""labels": []"#, Self.several), [0, 0, 0], "none")
    expect(try probabilities(#""probabilities": {"cat": 0.9, "newt": 0.8}"#, Self.several), [0.9, 0, 0.8], "some")
    let scores = try table([#"{"text": "a", "pair": "b", "score": -2.5}"#], .regression, pairs: true)
    #expect(scores.logits(of: PlainText("a", pair: "b")) == [-2.5] && scores.logits(of: PlainText("a")) == nil)
  }

  @Test func membersMayLieDeeperAndHaveOtherNames() throws {
    let line = #"{"row": {"body": "a"}, "choices": [{"answer": "newt"}], "vector": [1, 2.5]}"#
    let table = try table([line]) {
      ($0.text, $0.label, $0.embedding) = ("row.body", "choices.0.answer", "vector")
    }
    #expect(table.logits(of: PlainText("a")) == [AnswerTable.impossible, AnswerTable.impossible, 0])
    #expect(table.embedding(of: PlainText("a")) == [1, 2.5] && table.embeddingWidth == 2)
  }

  /// The same text with the same answer may come twice, and what is written is read as the same bits.
  @Test func writing() throws {
    let lines = [
      #"{"text": "a \"b\"\n", "logits": [0.1, -3.3333333e-7, 12345678], "embedding": [0.1, 7e-9]}"#,
      #"{"text": "é", "label": "dog", "embedding": [1, 2]}"#, #"{"embedding": [1, 2], "label": "dog", "text": "é"}"#,
    ]
    let table = try table(lines)
    #expect(table.texts == [PlainText("a \"b\"\n"), PlainText("é")])
    try TemporaryFolder.with { folder in
      let file = folder.appending(path: "written.jsonl")
      try table.write(to: file, task: Self.labels)
      let again = try AnswerTable(file, task: Self.labels, hasPairs: false)
      for text in table.texts {
        #expect(table.logits(of: text) == again.logits(of: text))
        #expect(table.embedding(of: text) == again.embedding(of: text))
      }
      #expect(try AnswerTable.embeddingWidth(of: file, member: "embedding") == 2)
    }
  }

  struct Mutant: Sendable, CustomTestStringConvertible {
    let line: String
    let message: String
    var task = AnswerTableTests.labels
    var testDescription: String { line }
  }

  static let mutants = [
    Mutant(line: "", message: "the line is empty"),
    Mutant(line: "nonsense", message: "is not JSON in column 1: 'nonsense' is not a JSON value"),
    Mutant(line: #"{"text": "b", "label": dog}"#, message: "is not JSON in column 24: 'dog'"),
    Mutant(line: #"{"text": "b", "label": "dog"} {"#, message: "is not JSON in column 31: something follows"),
    Mutant(line: #"["text"]"#, message: "is not a JSON object"),
    Mutant(line: #"{"label": "dog"}"#, message: "has no member 'text'; there are label"),
    Mutant(line: #"{"text": null, "label": "dog"}"#, message: "the member 'text' is null"),
    Mutant(line: #"{"text": ["b"], "label": "dog"}"#, message: "the member 'text' is a list"),
    Mutant(
      line: #"{"text": "b"}"#, message: "has no answer; it is a member 'logits', 'probabilities', 'logprobs' or 'label'"
    ),
    Mutant(line: #"{"text": "b", "label": "dgo"}"#, message: "the unknown label 'dgo'; did you mean 'dog'?"),
    Mutant(line: #"{"text": "b", "label": "zebra"}"#, message: "'zebra'; the labels are cat, dog, newt"),
    Mutant(line: #"{"text": "b", "label": null}"#, message: "the member 'label' is null"),
    Mutant(
      line: #"{"text": "b", "label": "dog", "confidence": 1.5}"#, message: "'confidence' is 1.5, which is not between"),
    Mutant(line: #"{"text": "b", "label": "dog", "confidence": "high"}"#, message: "not a finite number"),
    Mutant(line: #"{"text": "b", "probabilities": [0.5, 0.6, 0.1]}"#, message: "have the sum 1.2"),
    Mutant(line: #"{"text": "b", "probabilities": [0.5, 0.1, 0.1]}"#, message: "have the sum 0.7, not 1"),
    Mutant(line: #"{"text": "b", "probabilities": [1.5, -0.5, 0]}"#, message: "the probability 1.5 for 'cat'"),
    Mutant(line: #"{"text": "b", "probabilities": [1, -0.5, 0.5]}"#, message: "the probability -0.5 for 'dog'"),
    Mutant(line: #"{"text": "b", "probabilities": [NaN, 0.5, 0.5]}"#, message: "column 33: 'NaN' is not a JSON value"),
    Mutant(line: #"{"text": "b", "probabilities": [1e999, 0, 0]}"#, message: "not a finite number"),
    Mutant(line: #"{"text": "b", "probabilities": [null, 0, 1]}"#, message: "not a finite number"),
    Mutant(line: #"{"text": "b", "probabilities": [0.5, 0.5]}"#, message: "has 2 numbers for 3 labels"),
    Mutant(line: #"{"text": "b", "probabilities": {}}"#, message: "'probabilities' is empty"),
    Mutant(line: #"{"text": "b", "probabilities": 1}"#, message: "is not a list of numbers, nor a mapping"),
    Mutant(line: #"{"text": "b", "probabilities": {"dog": 0.5, "dog": 0.5}}"#, message: "has the label 'dog' twice"),
    Mutant(line: #"{"text": "b", "logits": {"dog": 0.5, "cat": 0.5}}"#, message: "has no number for 'newt'"),
    Mutant(line: #"{"text": "b", "logits": [0.5, 4e38, 0]}"#, message: "not a finite number"),
    Mutant(
      line: #"{"text": "b", "logprobs": {"dog": 0.5}}"#, message: "has 0.5, which is no logarithm of a probability"),
    Mutant(line: #"{"text": "b", "logprobs": [-2000, -2000, -2000]}"#, message: "have the sum 0.0"),
    Mutant(line: #"{"text": "a", "label": "dog"}"#, message: "has the text of line 1 again, with another answer"),
    Mutant(
      line: #"{"text": "b", "label": "dog", "embedding": [1]}"#,
      message: "an embedding of 1 numbers, and line 1 has none"),
    Mutant(line: #"{"text": "b", "label": "dog", "embedding": []}"#, message: "'embedding' is empty"),
    Mutant(line: #"{"text": "b", "label": "dog", "embedding": "x"}"#, message: "'embedding' is not a list of numbers"),
    Mutant(
      line: #"{"text": "b", "labels": ["dog", 7]}"#, message: "neither text nor a number, and no list", task: several),
    Mutant(line: #"{"text": "b", "labels": ["dog"], "confidence": 1}"#, message: "belongs to one label", task: several),
    Mutant(
      line: #"{"text": "b", "probabilities": [1, 2, 0]}"#, message: "the probability 2.0 for 'dog'", task: several),
    Mutant(line: #"{"text": "b", "label": "dog"}"#, message: "has no member 'score'", task: .regression),
    Mutant(line: #"{"text": "b", "score": "dog"}"#, message: "not a finite number", task: .regression),
  ]

  @Test(arguments: mutants) func mistakesHaveTheirLine(mutant: Mutant) throws {
    let first =
      mutant.task == .regression
      ? #"{"text": "a", "score": 1}"# : #"{"text": "a", "label": "cat", "labels": ["cat"]}"#
    let error = #expect(throws: TextFileError.self) { try table([first, mutant.line, first], mutant.task) }
    let text = "\(try #require(error))"
    #expect(text.contains("answers.jsonl:2: ") && text.contains(mutant.message), "\(text)")
    #expect(try #require(error).total == 1)
  }

  @Test func wholeFiles() throws {
    #expect("\(#expect(throws: TextFileError.self) { try table([]) }!)".hasSuffix("is empty"))
    let error = try #require(
      #expect(throws: TextFileError.self) { try table(Array(repeating: "{}", count: 30) + ["nonsense"]) })
    #expect(error.total == 31 && "\(error)".contains("11 more problems"))
    let widths = #expect(throws: TextFileError.self) {
      try table([
        #"{"text": "a", "label": "cat", "embedding": [1, 2]}"#, #"{"text": "b", "label": "cat", "embedding": [1]}"#,
        #"{"text": "c", "label": "cat"}"#,
      ])
    }
    #expect("\(try #require(widths))".contains("of 1 numbers, and line 1 has 2 numbers"))
    #expect(try #require(widths).total == 2)
    #expect(
      "\(#expect(throws: TextFileError.self) { try table([#"{"text": "a", "label": "cat"}"#], pairs: true) }!)"
        .contains("has no member 'pair'"))
  }
}
