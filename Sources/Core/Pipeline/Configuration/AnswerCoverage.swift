import DistillCore

/// Which of the texts that a student is to learn from its teacher cannot answer.
package struct AnswerCoverage: Sendable {
  /// The number of texts that were asked about.
  package let count: Int
  /// The positions of those without an answer.
  private let unanswered: Set<Int>
  /// The places of the first of them, such as `train.tsv:12`.
  private let first: [String]

  fileprivate init(count: Int, unanswered: Set<Int>, sources: [String]) {
    (self.count, self.unanswered) = (count, unanswered)
    first = unanswered.sorted().prefix(3).map { sources[$0] }
  }

  /// Returns the items of a part of the texts that have an answer.
  ///
  /// - Parameters:
  ///   - items: What belongs to each text of the part.
  ///   - start: The position of its first text.
  func answered<T>(_ items: [T], from start: Int) -> [T] {
    items.indices.filter { !unanswered.contains(start + $0) }.map { items[$0] }
  }

  /// What is missing, in words, or `nil` if nothing is.
  package var gap: String? {
    if unanswered.isEmpty { return nil }
    let places = first.joined(separator: ", ") + (unanswered.count > first.count ? ", …" : "")
    return "the teacher has no answer to \(unanswered.count) of \(count) texts to learn from: \(places)"
  }
}

extension PipelineOptions {
  /// Returns which texts the teacher cannot answer, or `nil` if it answers every text.
  ///
  /// - Parameters:
  ///   - texts: The texts to learn from and their places in the files.
  ///   - definition: The task.
  /// - Throws: `WiringError` if texts without an answer are a mistake, or if none has one, and the errors of the recipe.
  func coverage(of texts: [(Example, String)], _ definition: TaskDefinition) throws -> AnswerCoverage? {
    guard let teacher, !teacher.answersEveryText else { return nil }
    let context = PipelineContext(
      task: definition.kind, hasPairs: definition.hasPairs, maximumLength: task.maximumLength,
      key: RandomKey(UInt64(seed)))
    let unanswered = try teacher.unanswered(among: texts.map { PlainText($0.0) }, in: context)
    let coverage = AnswerCoverage(count: texts.count, unanswered: unanswered.positions, sources: texts.map(\.1))
    if let gap = coverage.gap, unanswered.areMistake || unanswered.positions.count == texts.count {
      throw WiringError(
        gap,
        hint: unanswered.areMistake
          ? "`missing: skip` in the teacher trains without them" : "texts are compared as they are, space for space")
    }
    return coverage
  }
}
