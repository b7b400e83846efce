import Foundation

/// The SHA-256 checksum of a stream of bytes (FIPS 180-4).
///
/// It is written out here, so that importing the package does not pull in a cryptography library. It names files and
/// finds damage; it has no part in keeping secrets.
public struct SHA256: Sendable {
  private var state: State = (
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19
  )
  private var pending: [UInt8] = []  // the bytes after the last whole block, always fewer than 64
  private var byteCount: UInt64 = 0

  public init() {}

  /// The checksum of one piece of data, as 64 lowercase hexadecimal digits.
  public static func hexDigest(of bytes: some Sequence<UInt8>) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest
  }

  /// The checksum of a file's contents, read piece by piece. Throws `FormatError` when it cannot be read.
  public static func hexDigest(ofFile url: URL) throws -> String {
    let file = try OpenFile(url, O_RDONLY | O_NONBLOCK)
    let size = try file.size()
    var hash = SHA256()
    for offset in stride(from: 0, to: size, by: 1 << 20) {
      hash.update(try file.bytes(at: offset, count: min(1 << 20, size - offset)))
    }
    return hash.hexDigest
  }

  /// The checksum of the names and contents of the files in a folder; folders inside it are not looked at.
  public static func hexDigest(ofFolder url: URL) throws -> String {
    var hash = SHA256()
    for name in try FileSystem.names(in: url) {
      var isFolder: ObjCBool = false
      let file = url.appending(path: name)
      guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else {
        continue
      }
      hash.update("\(name)\u{0}\(try hexDigest(ofFile: file))".utf8)
    }
    return hash.hexDigest
  }

  public mutating func update(_ bytes: some Sequence<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
    if done == nil { Array(bytes).withUnsafeBytes { update($0) } }
  }

  public mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { update($0) }
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount += UInt64(bytes.count)
    var rest = bytes[...]
    if !pending.isEmpty {
      let head = rest.prefix(64 - pending.count)
      pending += head
      rest = rest.dropFirst(head.count)
      guard pending.count == 64 else { return }
      pending.withUnsafeBytes { compress($0, into: &state) }
      pending.removeAll(keepingCapacity: true)
    }
    let whole = rest.count & ~63
    compress(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)), into: &state)
    pending += rest.dropFirst(whole)
  }

  /// The checksum of everything so far, as 64 lowercase hexadecimal digits. More may follow.
  public var hexDigest: String {
    var tail = pending + [0x80]
    tail += [UInt8](repeating: 0, count: (120 - tail.count) % 64)
    tail += (0..<8).map { UInt8(truncatingIfNeeded: (byteCount &* 8) >> UInt64(56 - 8 * $0)) }
    var last = state
    tail.withUnsafeBytes { compress($0, into: &last) }
    let words = [last.0, last.1, last.2, last.3, last.4, last.5, last.6, last.7]
    return words.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }
}

private typealias State = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

/// Section 6.2.2 for every 64-byte block of `blocks`. Eight rounds are written out, so that the eight working variables
/// change roles instead of moving from register to register.
private func compress(_ blocks: UnsafeRawBufferPointer, into state: inout State) {
  withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { scratch in
    guard let w = scratch.baseAddress else { return }
    roundConstants.withUnsafeBufferPointer { constants in
      guard let k = constants.baseAddress else { return }
      for block in stride(from: 0, to: blocks.count, by: 64) {
        for t in 0..<16 {
          w[t] = UInt32(bigEndian: blocks.loadUnaligned(fromByteOffset: block &+ 4 &* t, as: UInt32.self))
        }
        for t in 16..<64 {
          let x = w[t &- 15]
          let y = w[t &- 2]
          let s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x &>> 3)
          let s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y &>> 10)
          w[t] = w[t &- 16] &+ s0 &+ w[t &- 7] &+ s1
        }
        var (a, b, c, d, e, f, g, h) = state
        var t = 0
        while t < 64 {
          round(a, b, c, &d, e, f, g, &h, k[t] &+ w[t])
          round(h, a, b, &c, d, e, f, &g, k[t &+ 1] &+ w[t &+ 1])
          round(g, h, a, &b, c, d, e, &f, k[t &+ 2] &+ w[t &+ 2])
          round(f, g, h, &a, b, c, d, &e, k[t &+ 3] &+ w[t &+ 3])
          round(e, f, g, &h, a, b, c, &d, k[t &+ 4] &+ w[t &+ 4])
          round(d, e, f, &g, h, a, b, &c, k[t &+ 5] &+ w[t &+ 5])
          round(c, d, e, &f, g, h, a, &b, k[t &+ 6] &+ w[t &+ 6])
          round(b, c, d, &e, f, g, h, &a, k[t &+ 7] &+ w[t &+ 7])
          t &+= 8
        }
        state = (
          state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e, state.5 &+ f, state.6 &+ g, state.7 &+ h
        )
      }
    }
  }
}

@inline(__always)
private func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { (x &>> n) | (x &<< (32 &- n)) }

/// One round, in place: `d` becomes the next `e`, `h` the next `a`.
@inline(__always)
private func round(
  _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32, _ h: inout UInt32,
  _ kw: UInt32
) {
  h = h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ (g ^ (e & (f ^ g))) &+ kw
  d = d &+ h
  h = h &+ (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ ((a & b) | (c & (a | b)))
}

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2).
private let roundConstants: [UInt32] = [
  0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
  0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
  0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
  0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
  0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
  0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
  0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
  0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
]
