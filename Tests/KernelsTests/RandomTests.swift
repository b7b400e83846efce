import CDistillKernels
import TestSupport
import Testing

@Suite struct RandomTests {
  let arena = Arena()

  @Test(arguments: Variant.vectors) func sameBitsInEveryVariant(_ variant: Variant) {
    var random = SplitMix(10)
    // The second start crosses from one high half of the index to the next, the third starts right there.
    for first: UInt64 in [0, 0xffff_ffff - 40, 1 << 32, .max - 130, 0x1234_5678_9abc_def0] {
      for n in lengths {
        let key = random.next()
        let x = random.floats(n)
        for probability: Float in [0, 0.1, 0.5, 0.999] {
          arena.compare(variant, "dropout", [x, x], .exact) {
            $0.dropout($1[0], $1[1], n, probability, key, first)
          }
        }
        arena.compare(variant, "random_uniform", [x], .exact) { $0.random_uniform($1[0], n, key, first) }
      }
    }
  }

  @Test(arguments: Variant.all) func dropoutScalesWhatItKeeps(_ variant: Variant) {
    let n = 200_000
    var out = [Float](repeating: 0, count: n)
    variant.kernels.dropout(&out, [Float](repeating: 3, count: n), n, 0.25, 42, 7)
    #expect(Set(out) == [0, 4])
    // Binomial: five deviations are 5·√(np(1−p)) = 968.
    #expect(abs(out.count { $0 == 0 } - n / 4) < 968)
    variant.kernels.dropout(&out, out, n, 0, 42, 7)
    #expect(Set(out) == [0, 4], "probability 0 keeps all as they are")
  }

  @Test(arguments: Variant.all) func uniformIsUniform(_ variant: Variant) {
    let n = 1 << 20
    var u = [Float](repeating: 0, count: n)
    variant.kernels.random_uniform(&u, n, 3, 0)
    #expect(u.allSatisfy { (0..<1).contains($0) })
    #expect(u.map { $0 * 0x1p24 }.allSatisfy { $0 == $0.rounded() })
    // Mean ½ with deviation 1/√(12n) = 2.8e-4; mean of squares ⅓ with deviation √(4/45n) = 2.9e-4. Five of them.
    let mean = variant.kernels.sum(u, n) / Double(n)
    let square = variant.kernels.sum_of_squares(u, n) / Double(n)
    #expect(abs(mean - 0.5) < 1.4e-3)
    #expect(abs(square - 1 / 3) < 1.5e-3)
  }

  /// Chi-square of each of the four bytes, over consecutive indices and over consecutive keys: 255 degrees of freedom,
  /// so 255 ± 5·√510 holds but for one case in a million.
  @Test(arguments: [false, true]) func bytesAreEvenlyDistributed(overKeys: Bool) {
    let n = 1 << 18
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 4)
    for i in 0..<UInt64(n) {
      let bits = overKeys ? distill_random(i, 5) : distill_random(5, i)
      for byte in 0..<4 { counts[byte][Int(bits >> (8 * byte) & 255)] += 1 }
    }
    for byte in 0..<4 {
      let expected = Double(n) / 256
      let chiSquare = counts[byte].reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      #expect(abs(chiSquare - 255) < 113, "byte \(byte): \(chiSquare)")
    }
  }

  /// Neighbours along each axis, powers of two apart, look independent: each bit of the exclusive or is set half of the
  /// time (five deviations of n coin flips), and so is the product of two signs, which is what dropout masks look at.
  @Test func neighboursAreIndependent() {
    let n = 1 << 14
    let limit = 5 * Double(n).squareRoot() / 2
    let seeds: [UInt64] = [0, 1, 42, 1 << 40]
    for distance in (0..<40).map({ UInt64(1) << UInt64($0) }) {
      for seed in seeds {
        var indexBits = [Int](repeating: 0, count: 32)
        var keyBits = indexBits
        for i in 0..<UInt64(n) {
          let byIndex = distill_random(seed, i) ^ distill_random(seed, i &+ distance)
          let byKey = distill_random(seed, i) ^ distill_random(seed &+ distance, i)
          for bit in 0..<32 {
            indexBits[bit] += Int(byIndex >> bit & 1)
            keyBits[bit] += Int(byKey >> bit & 1)
          }
        }
        // Partners `distance` apart below n pair up twice over, which doubles the variance.
        let half = Double(n) / 2
        let indexLimit = distance < UInt64(n) ? limit * 2.0.squareRoot() : limit
        #expect(indexBits.allSatisfy { abs(Double($0) - half) < indexLimit * 1.1 }, "index + \(distance), key \(seed)")
        #expect(keyBits.allSatisfy { abs(Double($0) - half) < limit * 1.1 }, "key \(seed) + \(distance)")
      }
    }
  }

  /// Streams of two keys that were permutations of one another would meet at pairs of indices with a fixed distance. Of
  /// 2¹⁸ · 2¹⁸ pairs, 16 ± 4 meet by chance, and each at a distance of its own.
  @Test func keysAreNoPermutations() {
    let indices = (0..<UInt64(1) << 18).map { $0 &* 0x9e37_79b1 & 0xffff_ffff }
    let first = Dictionary(indices.map { (distill_random(1, $0), $0) }) { first, _ in first }
    let distances = indices.compactMap { index in first[distill_random(2, index)].map { $0 ^ index } }
    #expect((1...40).contains(distances.count))
    #expect(Set(distances).count == distances.count)
  }

  /// Changing any bit of key or index changes each bit of the result with probability ½.
  @Test func avalanche() {
    let n = 4096
    var random = SplitMix(11)
    for bit in 0..<128 {
      var flips = [Int](repeating: 0, count: 32)
      for _ in 0..<n {
        let key = random.next()
        let index = random.next()
        let mask = UInt64(1) << UInt64(bit % 64)
        let other = bit < 64 ? distill_random(key ^ mask, index) : distill_random(key, index ^ mask)
        let difference = distill_random(key, index) ^ other
        for place in 0..<32 { flips[place] += Int(difference >> place & 1) }
      }
      // The worst of 4096 cells lies within 5.5 deviations of √n/2; the mixing itself may add a per cent.
      let limit = 5.5 * Double(n).squareRoot() / 2 + 0.01 * Double(n)
      #expect(flips.allSatisfy { abs(Double($0) - Double(n) / 2) < limit }, "input bit \(bit): \(flips)")
    }
  }
}
