import DistillTensor
import Testing

/// All tests of this target, one after the other: they measure the memory pool that a process has one of, and only a
/// thread pool that nobody else is using really splits work over threads.
@Suite(.serialized) enum TensorTests {}

extension [Tensor] {
  /// The largest deviation of one of them, as a share of 0.1 where the others' numbers are smaller.
  func deviation(from others: [Tensor]) -> Float {
    count == others.count ? zip(self, others).map { $0.deviation(from: $1, floor: 0.1) }.max() ?? 0 : .infinity
  }
}
