/// One step of the training loop: its examples, and the key of its randomness.
public struct Step: Sendable {
  /// The epoch, counted from 0.
  public let epoch: Int
  /// The number of the step, counted from 0 over all epochs.
  public let number: Int
  /// The indices of the examples in the training set.
  public let examples: [Int]
  /// The key of everything random in this step, such as dropout.
  public let key: RandomKey

  public init(epoch: Int, number: Int, examples: [Int], key: RandomKey) {
    (self.epoch, self.number, self.examples, self.key) = (epoch, number, examples, key)
  }
}
