import Foundation

/// A writer of TFRecord files, which hold a sequence of byte strings.
///
/// Nothing is buffered, so a killed process leaves at most one record that is not whole, at the end. Readers ignore such a record.
package final class TFRecordWriter {
  private let file: OpenFile

  /// Opens the file at `url` and empties it, or creates it if it does not exist.
  ///
  /// - Throws: ``FormatError`` if `url` cannot be opened or is not a regular file.
  package init(_ url: URL) throws {
    file = try OpenFile(url, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK)
    _ = try file.size()
    try file.truncate(to: 0)
  }

  /// Appends a record.
  ///
  /// - Throws: ``FormatError`` if it cannot be written.
  package func write(_ record: [UInt8]) throws { try file.write(Self.framed(record).span.bytes) }

  /// Returns a record as it stands in a file: its length in 8 bytes, the checksum of these, the record, and its checksum. All numbers
  /// are little-endian.
  package static func framed(_ record: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(record.count))
    return length + littleEndian(maskedChecksum(length)) + record + littleEndian(maskedChecksum(record))
  }

  /// The format masks checksums, because the checksum of bytes that contain their own checksum would be worth nothing.
  private static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
    let sum = CRC32C.checksum(of: bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}

/// The bytes of a number, the lowest one first.
func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}
