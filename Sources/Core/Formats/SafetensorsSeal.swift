import Foundation

/// The checksum of a safetensors file inside that file.
///
/// It is the entry `sha256` of the metadata. It covers all bytes of the file, with its own 64 digits replaced by zeros. Other
/// readers of safetensors ignore the entry.
enum SafetensorsSeal {
  static let key = "sha256"
  static let blank = String(repeating: "0", count: 64)

  /// Returns the position of the digits in a header.
  static func place(in header: [UInt8]) -> Range<Int>? {
    let opening = Array("\"\(key)\":\"".utf8)
    guard let start = header.firstRange(of: opening)?.upperBound, start + blank.utf8.count <= header.count else {
      return nil
    }
    return start..<start + blank.utf8.count
  }
}

extension SafetensorsReader {
  /// Reads the whole file and compares its checksum with the one in its metadata.
  ///
  /// - Throws: ``FormatError`` if the file is damaged or was written without a checksum.
  package func checkSeal() throws {
    guard let expected = metadata[SafetensorsSeal.key], let place = SafetensorsSeal.place(in: try headerBytes()) else {
      throw FormatError(file: url, "has no checksum of its own, so that nothing tells whether it is whole")
    }
    let found = try checksum(replacing: 8 + place.lowerBound, with: Array(SafetensorsSeal.blank.utf8))
    guard found == expected else { throw FormatError(file: url, "is damaged: its checksum is wrong") }
  }
}
