/// Which elements a dropout layer silences, as a function of a key and of each element's place in the logical batch.
///
/// The same key gives the same mask however the batch is cut into pieces, and gives it again in the backward pass, so no mask
/// is ever stored.
public struct Dropout: Sendable {
  public let probability: Float
  public let key: RandomKey
  /// Place of the first element inside the logical batch.
  public let firstIndex: Int

  public init(probability: Float, key: RandomKey, firstIndex: Int = 0) {
    precondition(probability >= 0 && probability < 1, "a dropout probability of \(probability)")
    self.probability = probability
    self.key = key
    self.firstIndex = firstIndex
  }

  /// Keeps everything.
  public static let none = Dropout(probability: 0, key: RandomKey(0))
  var isActive: Bool { probability > 0 }

  /// out = x ⊙ mask / (1 − p); `out` may be `x`.
  func apply(_ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int, from index: Int) {
    kernels.dropout(out, x, count, probability, key.value, UInt64(firstIndex + index))
  }
}

extension Tensor {
  /// x ⊙ mask / (1 − p), so that the expected value stays.
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
