import Foundation

/// A checksum of a safetensors file inside that file: the metadata's `sha256` is that of all bytes, its own digits taken for
/// zeros. Readers that do not know it pass it over.
enum SafetensorsSeal {
  static let key = "sha256"
  static let blank = String(repeating: "0", count: 64)

  /// Where the digits stand in a header.
  static func place(in header: [UInt8]) -> Range<Int>? {
    let opening = Array("\"\(key)\":\"".utf8)
    guard let start = header.firstRange(of: opening)?.upperBound, start + blank.utf8.count <= header.count else {
      return nil
    }
    return start..<start + blank.utf8.count
  }
}

extension SafetensorsReader {
  /// Reads the whole file and compares it with the checksum in its metadata.
  ///
  /// - Throws: `FormatError` when it is damaged, or was written without a checksum.
  public func checkSeal() throws {
    guard let expected = metadata[SafetensorsSeal.key], let place = SafetensorsSeal.place(in: try headerBytes()) else {
      throw FormatError(file: url, "has no checksum of its own, so that nothing tells whether it is whole")
    }
    let found = try checksum(replacing: 8 + place.lowerBound, with: Array(SafetensorsSeal.blank.utf8))
    guard found == expected else { throw FormatError(file: url, "is damaged: its checksum is wrong") }
  }
}
