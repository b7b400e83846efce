import CDistillKernels
import Testing

/// The processor's own instructions against the definition.
@Test(arguments: [0, 1, 2, 3, 17]) func sha256Variants(blocks: Int) {
  let bytes = (0..<64 * blocks + 1).map { UInt8(truncatingIfNeeded: distill_random(3, UInt64($0))) }
  let start = (0..<8).map { distill_random(5, UInt64($0)) }
  var (fast, plain) = (start, start)
  bytes.withUnsafeBytes { bytes in
    guard let base = bytes.baseAddress else { return }
    distill_sha256(&fast, base + 1, blocks)  // not aligned
    distill_sha256_plain(&plain, base + 1, blocks)
  }
  #expect(fast == plain)
  #expect((fast == start) == (blocks == 0))
}
