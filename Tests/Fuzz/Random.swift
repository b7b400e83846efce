import TestSupport

/// Numbers of one seed and one stream.
struct SeededRandom: RandomNumberGenerator {
  private var generator: SplitMix

  /// - `stream`: numbers of one stream tell nothing of the next one's.
  init(seed: UInt64, stream: UInt64) {
    var outer = SplitMix(state: seed)
    generator = SplitMix(state: outer.next() ^ (stream &* 0xD134_2543_DE82_EF95))
  }

  mutating func next() -> UInt64 { generator.next() }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }
  mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }
  mutating func pick<C: RandomAccessCollection>(_ list: C) -> C.Element {
    list[list.index(list.startIndex, offsetBy: below(list.count))]
  }
  /// 1, often; 2, less often; and so on.
  mutating func few() -> Int { 1 + min(next().trailingZeroBitCount, 12) }
}
