/// A dropout mask, which is a function of a key and of each element's position in the logical batch.
///
/// The mask is the same no matter how the batch is divided into micro-batches. The backward pass generates it again, so no mask
/// is ever stored.
public struct Dropout: Sendable {
  package let probability: Float
  package let key: RandomKey
  /// The position of the first element in the logical batch.
  package let firstIndex: Int

  public init(probability: Float, key: RandomKey, firstIndex: Int = 0) {
    precondition(probability >= 0 && probability < 1, "a dropout probability of \(probability)")
    self.probability = probability
    self.key = key
    self.firstIndex = firstIndex
  }

  /// A dropout that keeps every element.
  public static let none = Dropout(probability: 0, key: RandomKey(0))
  var isActive: Bool { probability > 0 }

  /// Calculates out = x ⊙ mask / (1 − p) for `count` elements from position `index` on. `out` may be the same pointer as `x`.
  func apply(_ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int, from index: Int) {
    kernels.dropout(out, x, count, probability, key.value, UInt64(firstIndex + index))
  }
}

extension Tensor {
  /// Returns x ⊙ mask / (1 − p). The division preserves the expected value.
  public func dropout(_ dropout: Dropout) -> Tensor {
    guard dropout.isActive else { return self }
    let columns = shape.columns
    return Tensor.record(shape, from: [self], passingOnTo: self) { out in
      forRows { dropout.apply(out + $0, pointer + $0, $1 * columns, from: $0) }
    } backward: { [self] dy in
      forRows { dropout.apply(dy + $0, dy + $0, $1 * columns, from: $0) }
    }
  }
}
