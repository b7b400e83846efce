import DistillCore

/// The data that all layers of one forward pass share.
struct BERTRun {
  let batch: TokenBatch
  let weights: (ParameterPlace) -> Tensor
  /// The position of each token in its sequence, [N].
  let positions: [Int32]
  /// The row of each sequence's [CLS] token, [B].
  let classTokenRows: [Int32]
  private let key: RandomKey?

  init(_ batch: TokenBatch, weights: @escaping (ParameterPlace) -> Tensor, dropout key: RandomKey?) {
    (self.batch, self.weights, self.key) = (batch, weights, key)
    positions = zip(batch.offsets, batch.offsets.dropFirst()).flatMap { Array(0..<Int32($1 - $0)) }
    classTokenRows = batch.offsets.dropLast().map(Int32.init)
  }

  /// Returns the dropout of states of this width at one site of a layer.
  ///
  /// The mask is a function of the position in the logical batch, so it does not depend on how a batch is divided.
  func dropout(_ probability: Float, layer: Int, site: Int, width: Int, classTokenOnly: Bool = false) -> Dropout {
    dropout(
      probability, layer: layer, site: site,
      firstIndex: (classTokenOnly ? batch.firstSequence : batch.firstToken) * width)
  }

  /// Returns the dropout at one site of a layer, where `firstIndex` is the position of the first element in the logical batch.
  func dropout(_ probability: Float, layer: Int, site: Int, firstIndex: Int) -> Dropout {
    guard let key, probability > 0 else { return .none }
    return Dropout(probability: probability, key: key.child(layer).child(site), firstIndex: firstIndex)
  }
}
