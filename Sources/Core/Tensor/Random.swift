import CDistillKernels
import Foundation

/// Random numbers as a function of a key and a counter: nothing depends on how many were drawn before.
public struct RandomKey: Hashable, Sendable {
  public let value: UInt64

  public init(_ seed: UInt64) { value = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15) }
  private init(raw: UInt64) { value = raw }

  /// The key of something below this one: an epoch of a seed, a step of an epoch, a layer of a step.
  public func child(_ index: Int) -> RandomKey {
    RandomKey(raw: Self.mix(value ^ Self.mix(UInt64(bitPattern: Int64(index)) &+ 0x632B_E59B_D9B4_E019)))
  }

  /// The key of something named, e.g. a parameter. The length counts too, so that "ab" is not "b" below "a".
  public func child(_ name: String) -> RandomKey {
    let bytes = name.utf8.reduce(value) { Self.mix($0 ^ UInt64($1) &+ 0x9E37_79B9_7F4A_7C15) }
    return RandomKey(raw: Self.mix(bytes ^ UInt64(name.utf8.count) &+ 0xD1B5_4A32_D192_ED03))
  }

  /// 32 random bits for a counter.
  public func bits(_ counter: UInt64) -> UInt32 { distill_random(value, counter) }

  /// A number in 0 ..< bound, uniform up to 2⁻⁶⁴·bound.
  public func integer(below bound: Int, _ counter: UInt64) -> Int {
    let wide = UInt64(bits(2 &* counter)) << 32 | UInt64(bits(2 &* counter &+ 1))
    return Int(wide.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A standard normal number (Box and Muller).
  public func normal(_ counter: UInt64) -> Float {
    let (u, v) = (bits(2 &* counter), bits(2 &* counter &+ 1))
    let radius = (-2 * log((Double(u) + 1) / 4_294_967_296)).squareRoot()
    return Float(radius * cos(2 * .pi * Double(v) / 4_294_967_296))
  }

  /// The numbers 0 ..< count in a random order (Fisher and Yates).
  public func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1, UInt64(i))) }
    return order
  }

  /// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection that changes half the bits for one changed bit.
  private static func mix(_ x: UInt64) -> UInt64 {
    var x = x
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }
}

extension Tensor {
  /// Independent normal numbers of mean 0.
  public init(normal shape: Shape, standardDeviation: Float, key: RandomKey) {
    self.init(shape) { out in
      for i in 0..<shape.count { out[i] = standardDeviation * key.normal(UInt64(i)) }
    }
  }
}
