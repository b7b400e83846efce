import DistillCore

/// What all layers of one forward pass share.
struct BERTRun {
  let batch: TokenBatch
  let weights: (ParameterPlace) -> Tensor
  let positions: [Int32]
  let classTokenRows: [Int32]
  private let key: RandomKey?

  init(_ batch: TokenBatch, weights: @escaping (ParameterPlace) -> Tensor, dropout key: RandomKey?) {
    (self.batch, self.weights, self.key) = (batch, weights, key)
    positions = zip(batch.offsets, batch.offsets.dropFirst()).flatMap { Array(0..<Int32($1 - $0)) }
    classTokenRows = batch.offsets.dropLast().map(Int32.init)
  }

  /// The mask of one place in the network; its counters are places in the logical batch.
  func dropout(_ probability: Float, layer: Int, site: Int, width: Int, classTokenOnly: Bool = false) -> Dropout {
    dropout(
      probability, layer: layer, site: site,
      firstIndex: (classTokenOnly ? batch.firstSequence : batch.firstToken) * width)
  }

  func dropout(_ probability: Float, layer: Int, site: Int, firstIndex: Int) -> Dropout {
    guard let key, probability > 0 else { return .none }
    return Dropout(probability: probability, key: key.child(layer).child(site), firstIndex: firstIndex)
  }
}
