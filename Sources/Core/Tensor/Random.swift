import CDistillKernels
import Foundation

/// A key of random numbers, which are functions of a key and a counter.
///
/// No number depends on how many were drawn before. A training can therefore be resumed at any step without repeating the draws
/// before it.
public struct RandomKey: Hashable, Sendable {
  package let value: UInt64

  public init(_ seed: UInt64) { value = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15) }
  private init(raw: UInt64) { value = raw }

  /// Returns the key of a numbered part, such as an epoch of a seed, a step of an epoch, or a layer of a step.
  public func child(_ index: Int) -> RandomKey {
    RandomKey(raw: Self.mix(value ^ Self.mix(UInt64(bitPattern: Int64(index)) &+ 0x632B_E59B_D9B4_E019)))
  }

  /// Returns the key of a named part, such as a parameter.
  ///
  /// The length of the name is mixed in, so that `child("ab")` differs from `child("a").child("b")`.
  public func child(_ name: String) -> RandomKey {
    let bytes = name.utf8.reduce(value) { Self.mix($0 ^ UInt64($1) &+ 0x9E37_79B9_7F4A_7C15) }
    return RandomKey(raw: Self.mix(bytes ^ UInt64(name.utf8.count) &+ 0xD1B5_4A32_D192_ED03))
  }

  /// Returns 32 random bits.
  public func bits(_ counter: UInt64) -> UInt32 { distill_random(value, counter) }

  /// Returns a number in 0 ..< bound. The probabilities differ from uniform ones by at most a factor of 1 ± 2⁻⁶⁴·bound.
  package func integer(below bound: Int, _ counter: UInt64) -> Int {
    let wide = UInt64(bits(2 &* counter)) << 32 | UInt64(bits(2 &* counter &+ 1))
    return Int(wide.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Returns a number from the standard normal distribution (Box and Muller 1958).
  package func normal(_ counter: UInt64) -> Float {
    let (u, v) = (bits(2 &* counter), bits(2 &* counter &+ 1))
    // u + 1 keeps the argument of the logarithm above zero.
    let radius = (-2 * log((Double(u) + 1) / 4_294_967_296)).squareRoot()
    return Float(radius * cos(2 * .pi * Double(v) / 4_294_967_296))
  }

  /// Returns the numbers 0 ..< count in a random order (the shuffle of Fisher and Yates).
  public func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1, UInt64(i))) }
    return order
  }

  /// The finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijection in which one changed bit changes about half the bits.
  private static func mix(_ x: UInt64) -> UInt64 {
    var x = x
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }
}

extension Tensor {
  /// Creates a tensor of independent normal numbers with mean 0.
  public init(normal shape: Shape, standardDeviation: Float, key: RandomKey) {
    self.init(shape) { out in
      for i in 0..<shape.count { out[i] = standardDeviation * key.normal(UInt64(i)) }
    }
  }
}
