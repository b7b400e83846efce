import Foundation

/// Everything that a result depends on, by name: options, contents of files, arithmetic, versions.
///
/// Every name of something that is kept (a prepared teacher, a file of answers, a checkpoint, a run) is the digest of one, and
/// every refusal to go on is a difference between two. How many threads there are is no part of it: work is cut by shape, so
/// that they change nothing.
package struct Provenance: Sendable, Equatable, Codable {
  /// Values by name, such as `options.teacher.base.embedding` or `files.teacher.base.checkpoint/model.safetensors`.
  package private(set) var entries: [String: String]

  package init(_ entries: [String: String] = [:]) { self.entries = entries }

  package init(from decoder: any Decoder) throws {
    entries = try decoder.singleValueContainer().decode([String: String].self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(entries)
  }

  package subscript(name: String) -> String? {
    get { entries[name] }
    set { entries[name] = newValue }
  }

  package mutating func merge(_ other: Provenance) { entries.merge(other.entries) { $1 } }

  /// SHA-256 over names and values, sorted by name, as 64 hexadecimal digits.
  package var digest: String {
    var checksum = Checksum()
    for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
      checksum.update("\(name.utf8.count) \(name)\(value.utf8.count) \(value)".utf8)
    }
    return checksum.hexDigest
  }

  /// The beginning of the digest: enough for the name of a file.
  package var name: String { String(digest.prefix(16)) }

  /// What is another here than it was, a line for each entry, sorted by name.
  package func differences(since earlier: Provenance) -> [String] {
    Set(entries.keys).union(earlier.entries.keys).sorted().compactMap { name in
      let (then, now) = (earlier[name], self[name])
      if then == now { return nil }
      if name.hasPrefix("files.") {
        let file = name.dropFirst("files.".count)
        return then == nil ? "\(file) is new" : now == nil ? "\(file) is gone" : "the contents of \(file) changed"
      }
      if name.hasPrefix("texts.") { return "the text of \(name.dropFirst("texts.".count)) changed" }
      return "\(name): \(then ?? "nothing") before, \(now ?? "nothing") now"
    }
  }
}

extension Provenance {
  /// What every calculation here depends on: the program's version, the instruction sets in use, and the precision.
  package static func arithmetic(_ precision: Precision) -> Provenance {
    Provenance([
      "program": SwiftDistill.version, "arithmetic.instruction_set": Compute.instructionSet,
      "arithmetic.blas": Compute.blas, "arithmetic.precision": precision.rawValue,
    ])
  }

  /// The options of something configured and the contents of the files that its paths lead to. A plugin takes part by listing
  /// its options; nothing else is asked of it.
  ///
  /// - Parameters:
  ///   - path: where it stands in the pipeline, such as `teacher`; empty for the whole of it.
  ///   - isLeftOut: path options that decide nothing.
  ///   - sources: the files that count of those below a path option; nil for all of them.
  /// - Throws: `FormatError` for a file that cannot be read.
  package init(
    of value: any Configurable, at path: String = "", leavingOut isLeftOut: (String) -> Bool = { _ in false },
    sources: (_ option: String) -> [URL]? = { _ in nil }
  ) throws {
    let ingredients = value.ingredients
    func name(_ place: String) -> String { path.isEmpty ? place : "\(path).\(place)" }
    entries = [:]
    for (place, value) in ingredients.values { entries["options.\(name(place))"] = value }
    for (place, text) in ingredients.texts { entries["texts.\(name(place))"] = Checksum.hexDigest(of: text.utf8) }
    for (place, option) in ingredients.paths where !option.given.isEmpty && !isLeftOut(name(place)) {
      let counting = sources(name(place)).map { Set($0.map(\.standardizedFileURL.path)) }
      for file in FileSystem.files(below: option.url) where counting?.contains(file.standardizedFileURL.path) ?? true {
        let rest = file.standardizedFileURL.path.dropFirst(option.url.path.count)
        entries["files.\(name(place))\(rest)"] = try Checksum.hexDigest(ofFile: file)
      }
    }
  }
}
