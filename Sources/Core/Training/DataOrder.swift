import DistillCore

/// Which examples a step sees: a shuffle per epoch, cut into batches. The last batch of an epoch may be smaller.
struct DataOrder {
  let examples: Int
  let batchSize: Int
  let key: RandomKey

  var stepsPerEpoch: Int { (examples + batchSize - 1) / batchSize }

  /// The batches of an epoch, counted from 0; a function of key and epoch.
  func batches(epoch: Int) -> [[Int]] {
    let order = key.child("order").child(epoch).permutation(examples)
    return stride(from: 0, to: examples, by: batchSize).map { Array(order[$0..<min($0 + batchSize, examples)]) }
  }
}
