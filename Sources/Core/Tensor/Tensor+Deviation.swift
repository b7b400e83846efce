/// How tests compare tensors.
extension Tensor {
  /// The largest absolute value.
  package var magnitude: Float { values.reduce(0) { max($0, abs($1)) } }

  /// The largest difference as a share of the other's magnitude, or of `floor` where that is smaller: numbers of size 1 may
  /// have cancelled. Infinite where shapes differ or something is not finite.
  package func deviation(from other: Tensor, floor: Float = .leastNormalMagnitude) -> Float {
    guard shape == other.shape, isFinite, other.isFinite else { return .infinity }
    return (self - other).detached.magnitude / max(other.magnitude, floor)
  }
}
