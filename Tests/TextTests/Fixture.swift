import DistillText
import DistillWordPiece
import Foundation
import Testing

/// Files of the tests, and files that may or may not lie about.
enum Fixture {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func url(_ name: String) -> URL {
    root.appendingPathComponent("Tests/TextTests/Fixtures").appendingPathComponent(name)
  }

  static func lines(_ name: String) throws -> [Substring] {
    try String(contentsOf: url(name), encoding: .utf8).split(separator: "\n")
  }

  /// GLUE's own files, in a folder beside the package or named by `DISTILL_GLUE`.
  static let glue = existing("DISTILL_GLUE", ["../shared/data/glue", "data/glue"])
  /// all-MiniLM-L6-v2, in `models` or named by `DISTILL_MINILM`.
  static let miniLM = existing("DISTILL_MINILM", ["models/all-MiniLM-L6-v2"])

  private static func existing(_ variable: String, _ places: [String]) -> URL? {
    let named = ProcessInfo.processInfo.environment[variable].map { URL(fileURLWithPath: $0) }
    return ([named] + places.map { root.appendingPathComponent($0).standardizedFileURL })
      .compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path) }
  }
}

/// FNV-1a whose steps take a whole number each, as in Scripts/fixtures/text_tokenizer.py.
struct Digest: CustomStringConvertible {
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ number: UInt64) { hash = (hash ^ number) &* 0x100_0000_01B3 }

  mutating func add(_ sequence: TokenSequence) {
    for id in sequence.ids { add(UInt64(id)) }
    add(UInt64(sequence.typeIDs.reduce(0, +)))
    add(0xFFFF_FFFF)
  }

  var description: String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension Normalization {
  /// The rules under their names in the fixtures.
  static let named: [String: Normalization] = [
    "uncased": Normalization(),
    "cased": Normalization(lowercase: false),
    "lowercase": Normalization(lowercase: true, stripAccents: false),
    "strip": Normalization(lowercase: false, stripAccents: true),
  ]
}

/// The scalars of the 4096 from `start`, alone and inside a word.
func sweep(from start: UInt32) -> [String] {
  (start..<start + 4096).compactMap(Unicode.Scalar.init).flatMap { ["\($0)", "a\($0)b"] }
}
