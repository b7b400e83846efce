/// What the columns of a table probably are, or are said to be.
package struct ColumnRoles: Sendable, Equatable {
  package enum Answer: Sendable, Equatable {
    case label(String)
    /// A text can have several labels, or none.
    case labels(String)
    case score(String)

    package var column: String {
      switch self {
      case .label(let column), .labels(let column), .score(let column): column
      }
    }
  }

  package var text: String
  package var pair: String?
  /// The column of the answers, or `nil` if there seem to be none.
  package var answer: Answer?

  package init(text: String, pair: String? = nil, answer: Answer? = nil) {
    (self.text, self.pair, self.answer) = (text, pair, answer)
  }
}

extension TableSample {
  /// Names of columns of labels, in lower case.
  static let labels = [
    "label", "labels", "intent", "class", "category", "target", "sentiment", "gold_label", "quality", "is_duplicate",
    "topic", "emotion", "intents", "classes", "categories", "topics", "emotions", "tags",
  ]
  private static let scores = ["score", "similarity", "rating", "stars"]
  private static let texts = [
    "text", "sentence", "sentence1", "utterance", "question", "question1", "query", "premise", "content", "message",
    "review", "title",
  ]
  private static let pairs = [
    ("premise", "hypothesis"), ("question", "answer"), ("question", "sentence"), ("question", "context"),
    ("query", "passage"), ("query", "document"), ("context", "response"), ("text", "pair"), ("a", "b"),
  ]

  /// Guesses what the columns are, by their names first and then by what is in them.
  ///
  /// - Parameters:
  ///   - text, pair, label, score: What is known instead.
  /// - Returns: `nil` if no column looks like a text.
  package func roles(text: String? = nil, pair: String? = nil, label: String? = nil, score: String? = nil)
    -> ColumnRoles?
  {
    if format == nil { return ColumnRoles(text: text ?? "text", pair: pair) }
    let known = [text, pair, label, score].compactMap(\.self)
    let free = columns.filter { !known.contains($0.name) }
    let isList = columns.contains { $0.name == label && $0.isList }
    let given = label.map { isList ? .labels($0) : .label($0) } ?? score.map { ColumnRoles.Answer.score($0) }
    let named = given == nil ? Self.answerByName(free) : nil
    let texts = free.filter { $0.isText && $0.name != named?.name }
    var roles: ColumnRoles
    if let text {
      roles = ColumnRoles(text: text, pair: pair ?? texts.first { Self.arePair(text, $0.name) }?.name)
    } else if pair == nil, let (first, second) = Self.pair(of: texts) {
      roles = ColumnRoles(text: first, pair: second)
    } else if let best = Self.best(texts) ?? Self.best(free.filter { $0.numbers == 0 && $0.name != named?.name }) {
      roles = ColumnRoles(text: best, pair: pair)
    } else {
      return nil
    }
    let rest = free.filter { $0.name != roles.text && $0.name != roles.pair }
    let column = named ?? rest.last { !$0.isText && $0.distinct > 1 && $0.distinct <= max(2, $0.filled / 3) }
    roles.answer = given ?? column.map { Self.answer(in: $0) }
    return roles
  }

  /// The last part of a path, in lower case.
  static func word(_ column: String) -> String {
    String(column.split(separator: ".").last { Int($0) == nil } ?? Substring(column)).lowercased()
  }

  private static func answerByName(_ columns: [Column]) -> Column? {
    (labels + scores).lazy.compactMap { name in
      columns.first { word($0.name) == name && $0.filled > 0 && ($0.meanWords < 6 || 2 * $0.distinct < $0.filled) }
    }.first
  }

  /// Numbers with fractions, or of many different values, are scores.
  private static func answer(in column: Column) -> ColumnRoles.Answer {
    if column.isList { return .labels(column.name) }
    let isScore = column.numbers == column.filled && (column.hasFractions || column.distinct > 20)
    return isScore ? .score(column.name) : .label(column.name)
  }

  private static func best(_ columns: [Column]) -> String? {
    columns.min { rank($0) < rank($1) }?.name
  }

  private static func rank(_ column: Column) -> (Int, Double) {
    (texts.firstIndex(of: word(column.name)) ?? texts.count, -column.meanWords)
  }

  private static func pair(of columns: [Column]) -> (String, String)? {
    for first in columns {
      if let second = columns.first(where: { arePair(first.name, $0.name) }) { return (first.name, second.name) }
    }
    return nil
  }

  /// Whether two names are those of a pair: `sentence1` and `sentence2`, `text_a` and `text_b`, or `premise` and `hypothesis`.
  private static func arePair(_ first: String, _ second: String) -> Bool {
    let (a, b) = (first.lowercased(), second.lowercased())
    if pairs.contains(where: { $0 == (word(a), word(b)) }) { return true }
    let differences = zip(a.utf8, b.utf8).filter { $0 != $1 }
    guard a.utf8.count == b.utf8.count, differences.count == 1, let difference = differences.first else { return false }
    return difference == (UInt8(ascii: "1"), UInt8(ascii: "2"))
      || difference == (UInt8(ascii: "a"), UInt8(ascii: "b")) && a.hasSuffix("_a")
  }
}
