import Foundation

/// Everything that a result depends on, by name: options, contents of files, arithmetic, versions.
///
/// The name of everything that is kept on disk for later (a prepared teacher, a file of answers) is the digest of a provenance.
/// A run or a checkpoint stores its provenance, and resuming is refused if it differs from the current one. The number of
/// threads is not part of it, because work is divided by shape and the number of threads changes no result.
package struct Provenance: Sendable, Equatable, Codable {
  /// The values by name, such as `options.teacher.base.embedding` or `files.teacher.base.checkpoint/model.safetensors`.
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

  /// The SHA-256 checksum over names and values, sorted by name, as 64 hexadecimal digits.
  package var digest: String {
    var checksum = Checksum()
    for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
      // With their lengths, no two different lists of entries give the same bytes.
      checksum.update("\(name.utf8.count) \(name)\(value.utf8.count) \(value)".utf8)
    }
    return checksum.hexDigest
  }

  /// The first 16 digits of the digest, which are enough to name a file.
  package var name: String { String(digest.prefix(16)) }

  /// Returns a line of text for each entry that differs from `earlier`, sorted by name.
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
  /// Returns what every calculation depends on: the version of the program, the instruction set, the BLAS, and the precision.
  package static func arithmetic(_ precision: Precision) -> Provenance {
    Provenance([
      "program": SwiftDistill.version, "arithmetic.instruction_set": Compute.instructionSet,
      "arithmetic.blas": Compute.blas, "arithmetic.precision": precision.rawValue,
      "arithmetic.products": precision.instructionSet,
    ])
  }

  /// Collects the options of a component and the contents of the files that its path options lead to.
  ///
  /// A plugin is covered as soon as it lists its options, and needs no further code.
  ///
  /// - Parameters:
  ///   - value: The component.
  ///   - path: The place of the component in the pipeline, such as `teacher`. Empty for the whole pipeline.
  ///   - isLeftOut: Returns whether a path option is left out because the result does not depend on it.
  ///   - sources: Returns the files below a path option that the result depends on, or `nil` for all of them.
  /// - Throws: `FormatError` if a file cannot be read.
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
