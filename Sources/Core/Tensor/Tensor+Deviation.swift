// Tests compare tensors with these.
extension Tensor {
  /// The largest absolute value.
  package var magnitude: Float { values.reduce(0) { max($0, abs($1)) } }

  /// Returns the largest difference between two elements, divided by the magnitude of `other`, or by `floor` if that is larger.
  ///
  /// A floor is needed if the elements of `other` are small because larger numbers cancelled. The result is infinite if the
  /// shapes differ or an element is not finite.
  package func deviation(from other: Tensor, floor: Float = .leastNormalMagnitude) -> Float {
    guard shape == other.shape, isFinite, other.isFinite else { return .infinity }
    return (self - other).detached.magnitude / max(other.magnitude, floor)
  }
}
