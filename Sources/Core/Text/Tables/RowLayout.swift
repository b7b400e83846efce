import Foundation

/// The format of a file of examples, and the columns of the texts and the answer.
public struct RowLayout: Sendable, Equatable {
  public enum Format: String, Sendable, CaseIterable {
    /// Fields separated by tabs, with the names of the columns in the first line. Quotes have no special meaning.
    case tsv
    /// Fields separated by commas and quoted where necessary, as RFC 4180 describes it, with the names of the columns in the first
    /// record.
    case csv
    /// One JSON object per line, whose members are the columns. A dot leads into a member or an item: `messages.0.content`.
    case jsonl

    /// Returns the format that the name of a file stands for, with or without `.gz` behind it, or `nil` if it stands for none.
    package init?(named file: URL) {
      let plain = file.pathExtension == "gz" ? file.deletingPathExtension() : file
      let name = plain.pathExtension.lowercased()
      guard let format = Self(rawValue: name == "ndjson" ? "jsonl" : name) else { return nil }
      self = format
    }
  }

  public var format: Format
  /// The column of the text, or of the first text of a pair.
  public var text: String
  /// The column of the second text, if the task is about pairs of texts.
  public var pair: String?
  /// The column of the label or the score.
  public let target: String
  /// What is between the fields of CSV, an ASCII character.
  package var separator = UInt8(ascii: ",")
  /// What separates the labels of a text in a field of a table, if a text can have several.
  package var labelSeparator: String?
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

  /// Returns the format that a file's name stands for, or else this one. CSV that is separated by tabs may be called `.tsv`.
  func format(of file: URL) -> Format {
    let isTabbed = format == .csv && separator == UInt8(ascii: "\t")
    guard let named = Format(named: file), !(isTabbed && named == .tsv) else { return format }
    return named
  }

  var texts: [String] { [text] + (pair.map { [$0] } ?? []) }
}
