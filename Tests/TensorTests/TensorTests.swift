import DistillTensor
import Testing

/// All tests of this target, one after the other: they measure the memory pool that a process has one of, and only a
/// thread pool that nobody else is using really splits work over threads.
@Suite(.serialized) enum TensorTests {}

extension Tensor {
  /// Largest absolute value.
  var magnitude: Float { values.reduce(0) { max($0, abs($1)) } }

  /// Largest difference, as a share of `other`'s magnitude, or of 0.1 where numbers of size 1 cancelled to less than that.
  /// Infinite where something is NaN.
  func deviation(from other: Tensor) -> Float {
    guard shape == other.shape, isFinite, other.isFinite else { return .infinity }
    let difference = zip(values, other.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return difference / max(other.magnitude, 0.1)
  }
}

extension [Tensor] {
  func deviation(from others: [Tensor]) -> Float {
    count == others.count ? zip(self, others).map { $0.deviation(from: $1) }.max() ?? 0 : .infinity
  }
}
