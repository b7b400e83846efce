import Foundation

extension AtomicFile {
  /// A part of a file.
  package enum Piece {
    case bytes([UInt8])
    /// Little-endian numbers of 64 bits.
    case integers([Int64])
    /// Little-endian numbers of 32 bits. The closure is called when they are written.
    case floats(count: Int, () -> [Float])

    /// The number of bytes.
    package var count: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .integers(let numbers): 8 * numbers.count
      case .floats(let count, _): 4 * count
      }
    }
  }

  /// Writes a file of these pieces, of which one is in memory at a time.
  ///
  /// - Throws: ``FormatError`` if the file cannot be written. An existing file is then left as it was.
  package static func write(_ pieces: some Sequence<Piece>, to url: URL) throws {
    try write(to: url) { file in
      for piece in pieces {
        switch piece {
        case .bytes(let bytes): try file.write(bytes.span.bytes)
        case .integers(let numbers): try file.write(numbers.span.bytes)
        case .floats(let count, let numbers):
          let numbers = numbers()
          precondition(numbers.count == count, "\(numbers.count) numbers instead of \(count)")
          try file.write(numbers.span.bytes)
        }
      }
    }
  }
}
