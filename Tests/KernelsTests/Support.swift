import CDistillKernels
import Foundation
import TestSupport
import Testing

/// A variant that this machine can run.
struct Variant: Sendable, CustomTestStringConvertible {
  let kernels: distill_kernels
  var testDescription: String { String(cString: kernels.name) }

  init?(_ name: String) {
    guard let table = distill_kernels_named(name) else { return nil }
    kernels = table.pointee
  }

  static let all = ["avx512", "avx2", "neon", "plain"].compactMap { Variant($0) }
  /// Plain is always there; `DispatchTests` says so.
  static let plain = all[all.count - 1]
  static let vectors = Array(all.dropLast())
}

typealias Pointers = [UnsafeMutablePointer<Float>]

/// |actual − expected| ≤ absolute + relative · |expected|. NaN agrees with NaN, ∞ with itself.
struct Tolerance {
  var relative: Float = 0
  var absolute: Float = 0
  static let exact = Tolerance()

  func accepts(_ actual: Float, _ expected: Float) -> Bool {
    if expected.isNaN { return actual.isNaN }
    if actual == expected { return true }
    return expected.isFinite && abs(actual - expected) <= absolute + relative * abs(expected)
  }
}

/// Memory for the arguments of a call. What is placed in a slot ends 0 to 3 floats before a page that may not be touched,
/// and is surrounded by floats that must not change.
final class Arena {
  private static let page = Int(sysconf(Int32(_SC_PAGESIZE)))
  private static let border = 16
  private let size: Int
  private let slots: [UnsafeMutableRawPointer]

  init(slots count: Int = 7, floats: Int = 4096) {
    let size = (floats * 4 + Self.page - 1) / Self.page * Self.page
    self.size = size
    slots = (0..<count).map { _ in
      let memory = mmap(
        nil, size + Self.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | Int32(MAP_ANONYMOUS), -1, 0)
      guard let memory, memory != MAP_FAILED, mprotect(memory + size, Self.page, PROT_NONE) == 0 else {
        preconditionFailure("no memory for the arena")
      }
      return memory
    }
  }

  deinit {
    for slot in slots { munmap(slot, size + Self.page) }
  }

  /// Runs the call on copies of the values, `gap` floats before the end of their slots, and returns what became of them.
  func run(_ values: [[Float]], gap: Int, _ call: (Pointers) -> Void) -> [[Float]] {
    let canary = Float(bitPattern: 0x7fc0_1234)
    precondition(values.count <= slots.count)
    let starts = zip(slots, values).map { slot, values in
      precondition((values.count + gap + Self.border) * 4 <= size)
      let start = (slot + size).assumingMemoryBound(to: Float.self) - values.count - gap
      for i in -Self.border..<(values.count + gap) { start[i] = canary }
      for (i, value) in values.enumerated() { start[i] = value }
      return start
    }
    call(starts)
    return zip(starts, values).map { start, values in
      let around = Array(-Self.border..<0) + Array(values.count..<(values.count + gap))
      if !around.allSatisfy({ start[$0].bitPattern == canary.bitPattern }) {
        Issue.record("wrote outside of a buffer of \(values.count) floats")
      }
      return (0..<values.count).map { start[$0] }
    }
  }

  /// Runs the call with the variant and with plain C, from four alignments, and compares all buffers afterwards.
  func compare(
    _ variant: Variant, _ label: String, _ values: [[Float]], _ tolerance: Tolerance,
    sourceLocation: SourceLocation = #_sourceLocation, _ call: (distill_kernels, Pointers) -> Void
  ) {
    for gap in 0...3 {
      let expected = run(values, gap: gap) { call(Variant.plain.kernels, $0) }
      let actual = run(values, gap: gap) { call(variant.kernels, $0) }
      for (buffer, (actual, expected)) in zip(actual, expected).enumerated() {
        for i in actual.indices where !tolerance.accepts(actual[i], expected[i]) {
          let place = "\(label): buffer \(buffer) of \(actual.count) floats, element \(i), gap \(gap)"
          Issue.record("\(place): \(actual[i]) instead of \(expected[i])", sourceLocation: sourceLocation)
          return
        }
      }
    }
  }
}

extension SplitMix {
  init(_ seed: UInt64) { self.init(state: seed) }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

let lengths = 0...130
let specials: [Float] = [
  0, -0.0, 0x1p-149, -0x1p-149, 0x1p-130, -1e-20, 1e-8, 0.5, -0.625, 0.625, 1, -1, 3.5, -9.75, 14, -14, 87, -87, -95,
  100, -110,
  1e4, -1e4, 3e38, -3e38, .infinity, -.infinity, .nan,
]
