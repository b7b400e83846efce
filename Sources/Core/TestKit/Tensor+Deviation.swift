import DistillCore

extension Tensor {
  var magnitude: Float { values.reduce(0) { max($0, abs($1)) } }

  /// The largest deviation, as a share of the other's largest number.
  func deviation(from other: Tensor) -> Float {
    let largest = zip(values, other.values).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    return largest == 0 ? 0 : largest / max(other.magnitude, .leastNormalMagnitude)
  }
}
