import DistillFormats
import Foundation

/// Answers to texts that somebody has recorded: a large language model, an API, people, or another run.
///
/// They are kept as the logits that a classifier would have given, so that their softmax is what was recorded; for regression they are
/// scores. A line says how they are found again: by the text itself.
public struct AnswerTable: Sendable {
  /// The logit of a probability of 0, which stays 0 in Float32 at every temperature up to 9.
  public static let impossible: Float = -1000

  /// The texts, in the order of the file.
  public private(set) var texts: [PlainText] = []
  /// The width of the embeddings, or 0 if there are none.
  public private(set) var embeddingWidth = 0
  private var rows: [PlainText: Int] = [:]
  private var lines: [Int] = []
  private var logits: [[Float]] = []
  private var embeddings: [[Float]] = []

  /// Reads a file of JSON Lines, which gzip may have compressed.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - members: The names of the members.
  ///   - task: The task, which has the labels.
  ///   - hasPairs: Whether each example of the task has two texts.
  ///   - labelSmoothing: The share of probability that labels without confidence give to all labels alike.
  /// - Throws: ``TextFileError`` with all lines that are wrong.
  public init(
    _ file: URL, members: AnswerMembers = AnswerMembers(), task: TaskKind, hasPairs: Bool, labelSmoothing: Float = 0
  ) throws {
    let parser = AnswerParser(members: members, task: task, hasPairs: hasPairs, smoothing: Double(labelSmoothing))
    var lines = try LineReader(file)
    var (problems, total) = ([TextFileError.Problem](), 0)
    while true {
      do {
        guard let text = try lines.text() else { break }
        do { try add(parser.answer(text), line: lines.count) } catch {
          throw lines.problem(lines.count, error.message)
        }
      } catch let error as TextFileError {
        total += error.total
        problems += error.problems.prefix(TextFileError.limit - problems.count)
        if error.problems.contains(where: { $0.line == nil }) { break }  // nothing more can be read
      }
    }
    if total > 0 { throw TextFileError(file, problems, total: total) }
  }

  /// Returns the width of the embedding in the first line of a file, or 0 if it has none. Other mistakes are left to ``init(_:members:task:hasPairs:labelSmoothing:)``.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - member: The name of the member.
  /// - Throws: ``TextFileError`` if the file cannot be read.
  public static func embeddingWidth(of file: URL, member: String) throws -> Int {
    var lines = try LineReader(file)
    guard let text = try lines.text(), let object = try? JSON(parsing: Array(text.utf8)) else { return 0 }
    return object.value(at: member)?.array?.count ?? 0
  }

  private mutating func add(_ answer: RecordedAnswer, line: Int) throws(RowProblem) {
    let width = answer.embedding.count
    if texts.isEmpty {
      embeddingWidth = width
    } else if width != embeddingWidth {
      let first = embeddingWidth == 0 ? "none" : "\(embeddingWidth) numbers"
      throw RowProblem("has an embedding of \(width) numbers, and line \(lines[0]) has \(first)")
    }
    if let row = rows[answer.text] {
      guard logits[row] == answer.logits, embeddings[row] == answer.embedding else {
        throw RowProblem("has the text of line \(lines[row]) again, with another answer")
      }
      return
    }
    rows[answer.text] = texts.count
    texts.append(answer.text)
    lines.append(line)
    logits.append(answer.logits)
    embeddings.append(answer.embedding)
  }

  /// Returns whether there is an answer to a text.
  public func contains(_ text: PlainText) -> Bool { rows[text] != nil }

  /// Returns the logits [C] of a text, or its score, or `nil` if there is no answer.
  public func logits(of text: PlainText) -> [Float]? { rows[text].map { logits[$0] } }

  /// Returns the embedding [D] of a text, or `nil` if there is no answer.
  public func embedding(of text: PlainText) -> [Float]? { rows[text].map { embeddings[$0] } }

  /// Writes the answers as a file that ``init(_:members:task:hasPairs:labelSmoothing:)`` reads as the same numbers.
  public func write(to file: URL, task: TaskKind) throws {
    func list(_ numbers: [Float]) -> String { "[" + numbers.map { "\($0)" }.joined(separator: ",") + "]" }
    var text = ""
    for (row, source) in texts.enumerated() {
      text += "{\"text\":\(JSON.quoted(source.text))"
      if let pair = source.pair { text += ",\"pair\":\(JSON.quoted(pair))" }
      text += task == .regression ? ",\"score\":\(logits[row][0])" : ",\"logits\":\(list(logits[row]))"
      if embeddingWidth > 0 { text += ",\"embedding\":\(list(embeddings[row]))" }
      text += "}\n"
    }
    try AtomicFile.write(Data(text.utf8), to: file)
  }
}
