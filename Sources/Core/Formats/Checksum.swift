import CDistillKernels
import Foundation

/// The SHA-256 checksum of a stream of bytes (FIPS 180-4).
///
/// This package has its own implementation so that importing one of its parts does not require a cryptography library. The
/// checksum names files and detects damage. It is not used to keep anything secret.
public struct Checksum: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var pending: [UInt8] = []  // bytes after the last whole block of 64, so always fewer than 64
  private var byteCount: UInt64 = 0

  public init() {}

  /// Returns the checksum of `bytes` as 64 lowercase hexadecimal digits.
  package static func hexDigest(of bytes: some Sequence<UInt8>) -> String {
    var hash = Checksum()
    hash.update(bytes)
    return hash.hexDigest
  }

  /// Returns the checksum of a file's contents as 64 lowercase hexadecimal digits.
  ///
  /// The file is read in pieces, so its size does not matter. Throws ``FormatError`` if it cannot be read.
  package static func hexDigest(ofFile url: URL) throws -> String {
    let file = try OpenFile(url, O_RDONLY | O_NONBLOCK)
    let size = try file.size()
    var hash = Checksum()
    for offset in stride(from: 0, to: size, by: 1 << 20) {
      hash.update(try file.bytes(at: offset, count: min(1 << 20, size - offset)))
    }
    return hash.hexDigest
  }

  /// Appends bytes to the stream.
  public mutating func update(_ bytes: some Sequence<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
    if done == nil { Array(bytes).withUnsafeBytes { update($0) } }
  }

  /// Appends bytes to the stream.
  public mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Appends bytes to the stream.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount += UInt64(bytes.count)
    var rest = bytes[...]
    if !pending.isEmpty {
      let head = rest.prefix(64 - pending.count)
      pending += head
      rest = rest.dropFirst(head.count)
      guard pending.count == 64 else { return }
      pending.withUnsafeBytes { Self.compress($0, into: &state) }
      pending.removeAll(keepingCapacity: true)
    }
    let whole = rest.count & ~63
    Self.compress(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)), into: &state)
    pending += rest.dropFirst(whole)
  }

  /// The checksum of all bytes so far, as 64 lowercase hexadecimal digits. The stream may continue afterwards.
  public var hexDigest: String {
    words.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// The first 64 bits of the checksum of all bytes so far.
  var first64Bits: UInt64 { UInt64(words[0]) << 32 | UInt64(words[1]) }

  /// The first 128 bits of the checksum of all bytes so far.
  package var first128Bits: SIMD2<UInt64> {
    let words = words
    return SIMD2(UInt64(words[0]) << 32 | UInt64(words[1]), UInt64(words[2]) << 32 | UInt64(words[3]))
  }

  /// The eight words of the checksum of all bytes so far.
  private var words: [UInt32] {
    // Padding of section 5.1.1: a one bit, zeros, and the length in bits as a big-endian number of 64 bits.
    var tail = pending + [0x80]
    tail += [UInt8](repeating: 0, count: (120 - tail.count) % 64)
    tail += (0..<8).map { UInt8(truncatingIfNeeded: (byteCount &* 8) >> UInt64(56 - 8 * $0)) }
    var last = state
    tail.withUnsafeBytes { Self.compress($0, into: &last) }
    return last
  }

  private static func compress(_ blocks: UnsafeRawBufferPointer, into state: inout [UInt32]) {
    guard let start = blocks.baseAddress else { return }
    state.withUnsafeMutableBufferPointer { state in
      if let words = state.baseAddress { distill_sha256(words, start, blocks.count / 64) }
    }
  }
}
