import DistillCore

/// The order of the examples: each epoch is shuffled and cut into batches. The last batch of an epoch can be smaller.
struct DataOrder {
  let examples: Int
  let batchSize: Int
  let key: RandomKey

  var stepsPerEpoch: Int { (examples + batchSize - 1) / batchSize }

  /// Returns the batches of an epoch, counted from 0. They depend on the key and the epoch alone.
  func batches(epoch: Int) -> [[Int]] {
    let order = key.child("order").child(epoch).permutation(examples)
    return stride(from: 0, to: examples, by: batchSize).map { Array(order[$0..<min($0 + batchSize, examples)]) }
  }
}
