import DistillFormats
import Foundation
import TestSupport
import Testing

struct ChecksumTests {
  /// Examples of FIPS 180-4 as NIST publishes them, and the empty message of its validation suite.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func examples(message: String, digest: String) {
    #expect(Checksum.hexDigest(of: message.utf8) == digest)
  }

  @Test func piecesMakeTheWhole() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let whole = Checksum.hexDigest(of: bytes)
    for size in [1, 3, 55, 56, 63, 64, 65, 119, 128, 999] {
      var hash = Checksum()
      for start in stride(from: 0, to: bytes.count, by: size) {
        hash.update(bytes[start..<min(start + size, bytes.count)])
        _ = hash.hexDigest  // asking in between changes nothing
      }
      #expect(hash.hexDigest == whole, "pieces of \(size)")
    }
    var hash = Checksum()
    hash.update(bytes.span.bytes)
    #expect(hash.hexDigest == whole)
  }

  @Test func ofAFile() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("file")
      let bytes = Data(repeating: 97, count: (1 << 20) + 5)
      try AtomicFile.write(bytes, to: url)
      #expect(try Checksum.hexDigest(ofFile: url) == Checksum.hexDigest(of: bytes))
      #expect(throws: FormatError.self) { try Checksum.hexDigest(ofFile: folder) }
    }
  }
}
