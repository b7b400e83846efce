/// SplitMix64 (Steele et al. 2014): the same numbers for the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  /// - `stream`: numbers of one stream tell nothing of the next one's.
  init(seed: UInt64, stream: UInt64) {
    var outer = SeededRandom(state: seed)
    state = outer.next() ^ (stream &* 0xD134_2543_DE82_EF95)
  }

  private init(state: UInt64) { self.state = state }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }
  mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }
  mutating func pick<C: RandomAccessCollection>(_ list: C) -> C.Element {
    list[list.index(list.startIndex, offsetBy: below(list.count))]
  }
  /// 1, often; 2, less often; and so on.
  mutating func few() -> Int { 1 + min(next().trailingZeroBitCount, 12) }
}
