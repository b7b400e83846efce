/// Where in a file the texts and the answer of a row stand.
public struct RowLayout: Sendable, Equatable {
  public enum Format: String, Sendable, CaseIterable {
    /// Fields between tabs, names of the columns in the first line. There is no quoting: a quote is a quote.
    case tsv
    /// A JSON object a line, columns being its members.
    case jsonl
  }

  public let format: Format
  public let text: String
  public let pair: String?
  /// The column of the label or the score.
  public let target: String
  /// The columns of a TSV file whose first line is a row already.
  let impliedHeader: [String]?

  public init(_ format: Format, text: String, pair: String? = nil, target: String) {
    self.init(format, text: text, pair: pair, target: target, impliedHeader: nil)
  }

  init(_ format: Format, text: String, pair: String? = nil, target: String, impliedHeader: [String]?) {
    self.format = format
    self.text = text
    self.pair = pair
    self.target = target
    self.impliedHeader = impliedHeader
  }

  var texts: [String] { [text] + (pair.map { [$0] } ?? []) }
}
