/// The format of a file of examples, and the columns of the texts and the answer.
public struct RowLayout: Sendable, Equatable {
  public enum Format: String, Sendable, CaseIterable {
    /// Fields separated by tabs, with the names of the columns in the first line. Quotes have no special meaning.
    case tsv
    /// One JSON object per line, whose members are the columns.
    case jsonl
  }

  public let format: Format
  /// The column of the text, or of the first text of a pair.
  public let text: String
  /// The column of the second text, if the task is about pairs of texts.
  public let pair: String?
  /// The column of the label or the score.
  public let target: String
  /// The columns of a TSV file that has no header, such as those of CoLA.
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
