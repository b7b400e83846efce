import DistillFormats
import DistillWordPiece
import Foundation

/// SentencePiece's normaliser: a double-array trie of texts, each with a replacement.
///
/// Each unit of the trie is a 32-bit word: 8 bits of label, whether a text ends, and the offset to the children, which
/// is combined with positions by exclusive or. The library that the ids are compared with replaces a cluster of fewer
/// than 6 bytes as a whole if any prefix of it has a replacement, and otherwise scalar by scalar.
///
/// Source: Kudo and Richardson, "SentencePiece" (2018), `normalizer.cc`; Yata's `darts-clone`.
struct Charsmap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]
  /// The replacement of each ASCII character if it is a single one, or the character itself; 0xFF asks the trie.
  private var ascii: [UInt8] = []
  private let graphemes = Graphemes()
  let digest: String

  private static let longestCluster = 5

  /// Reads a charsmap from its base64 form.
  init(_ place: FilePlace) throws {
    guard let data = Data(base64Encoded: try place.string()), data.count > 4 else {
      throw place.error("is not a charsmap in base64")
    }
    let bytes = [UInt8](data)
    func word(_ index: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) } }
    let size = Int(word(0))
    guard size % 4 == 0, size >= 4, size <= bytes.count - 4 else {
      throw place.error("has a trie of \(size) bytes, where \(bytes.count - 4) bytes follow")
    }
    units = (0..<size / 4).map { word(4 + 4 * $0) }
    replacements = Array(bytes[(4 + size)...])
    digest = Checksum.hexDigest(of: bytes)
    guard String(validating: replacements, as: UTF8.self) != nil else {
      throw place.error("has replacements that are not valid UTF-8")
    }
    for (index, unit) in units.enumerated() where unit >> 31 == 0 && unit >> 8 & 1 == 1 {
      let leaf = index ^ Self.offset(unit)
      guard units.indices.contains(leaf) else { throw place.error("has a trie that leaves its own array") }
      let start = Int(units[leaf] & 0x7FFF_FFFF)
      guard start < replacements.count, replacements[start] & 0xC0 != 0x80 else {
        throw place.error("has a text whose replacement is not in the charsmap")
      }
    }
    ascii = (0..<UInt8(128)).map { byte in
      if byte == 0x0D { return 0xFF }  // a line feed belongs to its cluster
      guard let found = replacement(for: [byte], 0..<1) else { return byte }
      return found.count == 1 && replacements[found.lowerBound] < 0x80 ? replacements[found.lowerBound] : 0xFF
    }
  }

  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & (1 << 9)) >> 6) }

  /// Returns the place of the replacement for the shortest prefix that has one.
  private func replacement(for text: [UInt8], _ range: Range<Int>) -> Range<Int>? {
    var node = Self.offset(units[0])
    for position in range {
      let byte = text[position]
      node ^= Int(byte)
      guard byte != 0, units.indices.contains(node) else { return nil }
      let unit = units[node]
      guard unit & 0x8000_00FF == UInt32(byte) else { return nil }
      node ^= Self.offset(unit)
      guard unit >> 8 & 1 == 1 else { continue }
      let start = Int(units[node] & 0x7FFF_FFFF)
      return start..<(replacements[start...].firstIndex(of: 0) ?? replacements.count)
    }
    return nil
  }

  /// Appends the normalised form of `text` to `output`.
  func normalize(_ text: [UInt8], into output: inout [UInt8]) {
    var position = 0
    while position < text.count {
      let kept = unchangedEnd(text, from: position)
      if kept > position {
        output += text[position..<kept]
        position = kept
        continue
      }
      let byte = text[position]
      let isAlone = position + 1 == text.count || text[position + 1] < 0x80 && byte != 0x0D
      if byte < 0x80, isAlone, ascii[Int(byte)] != 0xFF {
        output.append(ascii[Int(byte)])
        position += 1
        continue
      }
      let end = graphemes.end(of: text, from: position, text.count)
      if end - position <= Self.longestCluster, let found = replacement(for: text, position..<end) {
        output += replacements[found]
        position = end
        continue
      }
      while position < end {
        let start = position
        _ = text.scalar(at: &position)
        if let found = replacement(for: text, start..<position) {
          output += replacements[found]
        } else {
          output += text[start..<position]
        }
      }
    }
  }

  /// Returns the end of the ASCII characters from `start` that have no replacement and no mark behind them.
  @inline(__always)
  private func unchangedEnd(_ text: [UInt8], from start: Int) -> Int {
    var position = start
    while position < text.count, text[position] < 0x80, ascii[Int(text[position])] == text[position] { position += 1 }
    return position > start && position < text.count && text[position] >= 0x80 ? position - 1 : position
  }
}
