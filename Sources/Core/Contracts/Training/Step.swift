/// One step of the loop: which examples, and the key of its randomness.
public struct Step: Sendable {
  public let epoch: Int
  /// Counted over all epochs, from 0.
  public let number: Int
  public let examples: [Int]
  public let key: RandomKey

  public init(epoch: Int, number: Int, examples: [Int], key: RandomKey) {
    (self.epoch, self.number, self.examples, self.key) = (epoch, number, examples, key)
  }
}
