import DistillFormats
import DistillText
import Foundation

/// A value of a JSON file and its place, such as `model.merges[3]`, which every error names.
struct FilePlace {
  /// The value, or `nil` if it is null or missing.
  let value: JSON?
  let path: String
  let file: URL

  init(_ value: JSON?, path: String = "", file: URL) {
    if case .null? = value { self.value = nil } else { self.value = value }
    (self.path, self.file) = (path, file)
  }

  subscript(key: String) -> FilePlace {
    FilePlace(value?[key], path: path.isEmpty ? key : "\(path).\(key)", file: file)
  }

  func error(_ message: String) -> TextFileError {
    TextFileError(file, path.isEmpty ? message : "\(path): \(message)")
  }

  func string() throws -> String { try required("a string", \.string) }
  func flag() throws -> Bool { try required("true or false", \.bool) }
  func integer() throws -> Int { try required("a whole number", \.int) }
  /// Returns the value, or `other` if there is none.
  func flag(or other: Bool) throws -> Bool { value == nil ? other : try flag() }
  func string(or other: String) throws -> String { value == nil ? other : try string() }
  func elements() throws -> [FilePlace] {
    try required("a list", \.array).enumerated().map {
      FilePlace($0.element, path: "\(path)[\($0.offset)]", file: file)
    }
  }
  func members() throws -> [(key: String, place: FilePlace)] {
    try required("an object", \.object).map { ($0.key, FilePlace($0.value, path: "\(path).\($0.key)", file: file)) }
  }

  private func required<Value>(_ kind: String, _ read: (JSON) -> Value?) throws -> Value {
    guard let found = value.flatMap(read) else { throw error(value == nil ? "is missing" : "must be \(kind)") }
    return found
  }

  /// Returns the member `type`.
  ///
  /// - Throws: `TextFileError` if the object has members beside `type` and the supported ones.
  func type(_ supported: [String: [String]]) throws -> String {
    let type = try self["type"].string()
    guard let names = supported[type] else {
      throw self["type"].error(
        "'\(type)' is not supported; supported are \(supported.keys.sorted().joined(separator: ", "))")
    }
    try only(["type"] + names)
    return type
  }

  /// Refuses an object with members that are not in `names`, because each of them may change the ids.
  func only(_ names: [String]) throws {
    for member in try members() where !names.contains(member.key) {
      throw member.place.error("is not supported; supported are \(names.joined(separator: ", "))")
    }
  }

  /// Returns a value that is one of several words.
  func choice<Value>(_ values: KeyValuePairs<String, Value>, or other: Value? = nil) throws -> Value {
    if value == nil, let other { return other }
    let word = try string()
    guard let found = values.first(where: { $0.key == word }) else {
      throw error("'\(word)' is not supported; supported are \(values.map(\.key).joined(separator: ", "))")
    }
    return found.value
  }
}
