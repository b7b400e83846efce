import DistillFormats
import DistillOptions
import Foundation

/// A line of a file of answers.
struct RecordedAnswer {
  let text: PlainText
  /// The logits [C], or the score.
  let logits: [Float]
  /// Empty if there is none.
  let embedding: [Float]
}

/// Reads a line of recorded answers. `Docs/Teachers.md` has the rules.
struct AnswerParser {
  let members: AnswerMembers
  let task: TaskKind
  let hasPairs: Bool
  let smoothing: Double
  /// The labels with their indices.
  private let indices: [String: Int]
  /// How far probabilities may be from a sum of 1, because they were rounded.
  private static let tolerance = 0.01

  init(members: AnswerMembers, task: TaskKind, hasPairs: Bool, smoothing: Double) {
    (self.members, self.task, self.hasPairs, self.smoothing) = (members, task, hasPairs, smoothing)
    indices = Dictionary((task.labels ?? []).enumerated().map { ($1, $0) }) { first, _ in first }
  }

  /// - Throws: ``RowProblem`` if the line is not an answer.
  func answer(_ line: String) throws(RowProblem) -> RecordedAnswer {
    if line.isEmpty { throw RowProblem("the line is empty") }
    let object: JSON
    do { object = try JSON(parsing: Array(line.utf8)) } catch {
      throw RowProblem("is not JSON in column \(error.column): \(error.message)")
    }
    guard object.object != nil else { throw RowProblem("is not a JSON object") }
    let text = try Field(members.text, of: object).text
    let pair: String? = hasPairs ? try Field(members.pair, of: object).text : nil
    return RecordedAnswer(
      text: PlainText(text, pair: pair), logits: try logits(object),
      embedding: try object.value(at: members.embedding).map { json throws(RowProblem) in
        let embedding = try numbers(json, members.embedding)
        if embedding.isEmpty { throw RowProblem("the member '\(members.embedding)' is empty") }
        return embedding.map(Float.init)
      } ?? [])
  }

  // MARK: what was answered

  /// Returns the logits of the fullest answer of a line: logits, then probabilities, their logarithms, and the label.
  private func logits(_ object: JSON) throws(RowProblem) -> [Float] {
    if task == .regression { return [Float(try number(object, members.score))] }
    if let json = object.value(at: members.logits) {
      let logits = try values(json, members.logits)
      if let missing = logits.firstIndex(of: nil) {
        throw RowProblem("the member '\(members.logits)' has no number for \(name(missing))")
      }
      return logits.map { Float($0 ?? 0) }
    }
    if let json = object.value(at: members.probabilities) {
      return try logits(values(json, members.probabilities), members.probabilities, isShare: false)
    }
    if let json = object.value(at: members.logprobs) {
      let logs = try values(json, members.logprobs)
      if let log = logs.compactMap({ $0 }).first(where: { $0 > Self.tolerance }) {
        throw RowProblem("the member '\(members.logprobs)' has \(log), which is no logarithm of a probability")
      }
      return try logits(logs.map { $0.map(exp) }, members.logprobs, isShare: true)
    }
    return try ofLabels(object)
  }

  /// Returns the logits of probabilities. Those that are `nil` were not given.
  ///
  /// - Parameter isShare: Whether probabilities of all labels may leave a rest, because some of it went to words that are no label.
  private func logits(_ given: [Double?], _ member: String, isShare: Bool) throws(RowProblem) -> [Float] {
    for (index, p) in given.enumerated() {
      guard let p, !(0...1 + Self.tolerance ~= p) else { continue }
      throw RowProblem(
        "the member '\(member)' has the probability \(p) for \(name(index)), which is not between 0 and 1")
    }
    if task.isMultilabel { return given.map { Self.logit(min(1, $0 ?? 0)) } }
    let sum = given.reduce(0) { $0 + ($1 ?? 0) }
    let open = given.count { $0 == nil }
    guard sum <= 1 + Self.tolerance, sum > 0 || open > 0,
      open > 0 || isShare || sum >= 1 - Self.tolerance
    else {
      throw RowProblem("the probabilities in the member '\(member)' have the sum \(sum), not 1")
    }
    let rest = open > 0 ? max(0, 1 - sum) / Double(open) : 0
    let total = open > 0 ? max(1, sum) : sum
    return given.map { Self.logarithm(($0 ?? rest) / total) }
  }

  private func ofLabels(_ object: JSON) throws(RowProblem) -> [Float] {
    let member = members.label ?? (task.isMultilabel ? "labels" : "label")
    guard object.value(at: member) != nil else {
      let known = [members.logits, members.probabilities, members.logprobs, member]
      throw RowProblem(
        "has no answer; it is a member \(known.dropLast().map { "'\($0)'" }.joined(separator: ", ")) or '\(member)'")
    }
    let field = try Field(member, of: object, mayBeList: task.isMultilabel)
    let labels = try (task.isMultilabel ? field.parts(separatedBy: "|") : [field.text]).map {
      text throws(RowProblem) in try index(text, member)
    }
    let confidence: Double? =
      object.value(at: members.confidence) == nil ? nil : try number(object, members.confidence)
    if let confidence, !(0...1 ~= confidence) {
      throw RowProblem("the member '\(members.confidence)' is \(confidence), which is not between 0 and 1")
    }
    let count = Double(indices.count)
    if task.isMultilabel {
      if confidence != nil { throw RowProblem("a confidence belongs to one label; give probabilities") }
      return (0..<indices.count).map { Self.logit(labels.contains($0) ? 1 - smoothing / 2 : smoothing / 2) }
    }
    let p = confidence ?? 1 - smoothing + smoothing / count
    return (0..<indices.count).map { Self.logarithm($0 == labels[0] ? p : (1 - p) / (count - 1)) }
  }

  // MARK: numbers

  static func logarithm(_ p: Double) -> Float { max(AnswerTable.impossible, Float(log(p))) }

  private static func logit(_ p: Double) -> Float {
    min(-AnswerTable.impossible, max(AnswerTable.impossible, Float(log(p) - log(1 - p))))
  }

  /// Returns the numbers of a list in the order of the labels, or of a mapping of labels, where some may be missing.
  private func values(_ json: JSON, _ member: String) throws(RowProblem) -> [Double?] {
    var values = [Double?](repeating: nil, count: indices.count)
    guard let entries = json.object else {
      let list = try numbers(json, member)
      guard list.count == indices.count else {
        throw RowProblem("the member '\(member)' has \(list.count) numbers for \(indices.count) labels")
      }
      return list
    }
    if entries.isEmpty { throw RowProblem("the member '\(member)' is empty") }
    for (label, value) in entries {
      let index = try index(label, member)
      if values[index] != nil { throw RowProblem("the member '\(member)' has the label '\(label)' twice") }
      values[index] = try finite(value, member)
    }
    return values
  }

  private func numbers(_ json: JSON, _ member: String) throws(RowProblem) -> [Double] {
    guard let items = json.array else {
      throw RowProblem(
        "the member '\(member)' is not a list of numbers"
          + (member == members.embedding ? "" : ", nor a mapping of labels to them"))
    }
    return try items.map { item throws(RowProblem) in try finite(item, member) }
  }

  private func number(_ object: JSON, _ member: String) throws(RowProblem) -> Double {
    guard let json = object.value(at: member) else { throw RowProblem("has no member '\(member)'") }
    return try finite(json, member)
  }

  private func finite(_ json: JSON, _ member: String) throws(RowProblem) -> Double {
    guard let number = json.number, Float(number).isFinite else {
      throw RowProblem("the member '\(member)' has something that is not a finite number")
    }
    return number
  }

  private func name(_ index: Int) -> String { task.labels.map { "'\($0[index])'" } ?? "the score" }

  private func index(_ label: String, _ member: String) throws(RowProblem) -> Int {
    if let index = indices[label] { return index }
    let near = label.count > 1 ? nearestNames(to: label, among: task.labels ?? []).first : nil
    let known = near.map { "did you mean '\($0)'?" } ?? "the labels are \((task.labels ?? []).joined(separator: ", "))"
    throw RowProblem("the member '\(member)' has the unknown label '\(label)'; \(known)")
  }
}
