import DistillFormats
import DistillOptions

/// A value of a row.
struct Field {
  let text: String
  /// The value of a number. Text of a table that has the form of a number counts as one, but a JSON string never does.
  let number: Double?
  /// The items of a JSON array of texts.
  var items: [String]?

  init(text: String, number: Double?) { (self.text, self.number) = (text, number) }

  init(cell: String) { self.init(text: cell, number: Double(cell)) }

  /// Returns the parts of a list of labels: the items of an array, or what is between separators. An empty text is an empty list.
  func parts(separatedBy separator: String) -> [String] {
    items ?? (text.isEmpty ? [] : text.split(separator: separator, omittingEmptySubsequences: false).map(String.init))
  }

  /// - Parameter mayBeList: Whether the member may be an array of texts as well.
  /// - Throws: ``RowProblem`` if there is no such member, or if it is neither text nor a number.
  init(_ column: String, of object: JSON, mayBeList: Bool = false) throws(RowProblem) {
    switch object.value(at: column) {
    case .string(let text): self.init(text: text, number: nil)
    case .number(let number):
      self.init(text: Int(exactly: number).map(String.init) ?? "\(number)", number: number)
    case .bool(let flag): self.init(text: "\(flag)", number: nil)
    case .array(let values) where mayBeList && values.allSatisfy({ $0.string != nil }):
      self.init(text: "[]", number: nil)
      items = values.compactMap(\.string)
    case .array where !mayBeList:
      throw RowProblem("the member '\(column)' is a list; only labels may be one, with `multilabel: true`")
    case .null: throw RowProblem("the member '\(column)' is null; give it a value or leave the row out")
    case nil:
      throw RowProblem(
        "has no member '\(column)'; \(meant(column, among: object.object?.map(\.key) ?? []))", column: column)
    default:
      throw RowProblem(
        "the member '\(column)' is neither text nor a number" + (mayBeList ? ", and no list of texts either" : ""))
    }
  }
}

/// What is wrong with a row.
struct RowProblem: Error {
  let message: String
  /// The name of the column, if it is missing.
  let column: String?

  init(_ message: String, column: String? = nil) { (self.message, self.column) = (message, column) }
}

/// Returns what a missing column was probably meant to be called, or else what there is.
func meant(_ column: String, among columns: [String]) -> String {
  let near = column.count > 1 ? nearestNames(to: column, among: columns).first : nil
  return near.map { "did you mean '\($0)'?" } ?? "there are \(columns.joined(separator: ", "))"
}

/// A row of a file.
package struct Row {
  /// The line of the file in which it begins, counted from 1.
  package let line: Int
  /// The fields of the columns that were asked for.
  let fields: [Field]
  /// All fields, in the order of the header. Empty for JSON Lines and for files of texts alone.
  package let cells: [String]
  /// The line as it was read, for JSON Lines.
  package let json: String?
}

extension JSON {
  /// The member of an object with this key, which may be null. If a key is repeated, its last value counts.
  private func member(_ key: String) -> JSON? { object?.last { $0.key.isIdentical(to: key) }?.value }

  /// The member with a name, or else the one that the dots in the name lead to, through members and items.
  func value(at column: String) -> JSON? {
    member(column)
      ?? column.split(separator: ".", omittingEmptySubsequences: false).reduce(self as JSON?) { found, step in
        found?.member(String(step))
          ?? found?.array.flatMap { items in
            Int(step).flatMap { items.indices.contains($0) ? items[$0] : nil }
          }
      }
  }
}
