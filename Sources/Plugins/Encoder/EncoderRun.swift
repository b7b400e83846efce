import DistillCore

/// The data that all layers of one forward pass share.
struct EncoderRun {
  let batch: TokenBatch
  let weights: (ParameterPlace) -> Tensor
  /// The position of each token, [N], which is its row in the table of positions.
  let positions: [Int32]
  /// The type of each token, [N], or zeros if types do not matter.
  let types: [Int32]
  /// The bias of attention, if there is one.
  let relativeBias: RelativeAttentionBias?
  /// The row of each sequence's [CLS] token, [B].
  let classTokenRows: [Int32]
  private let key: RandomKey?

  init(
    _ batch: TokenBatch, _ configuration: EncoderConfiguration, _ relativeBias: RelativeAttentionBias?,
    weights: @escaping (ParameterPlace) -> Tensor, dropout key: RandomKey?
  ) {
    (self.batch, self.weights, self.key, self.relativeBias) = (batch, weights, key, relativeBias)
    positions = Self.positions(of: batch, configuration)
    types = configuration.readsTypes ? batch.typeIDs : Array(repeating: 0, count: batch.typeIDs.count)
    classTokenRows = batch.offsets.dropLast().map(Int32.init)
  }

  private static func positions(of batch: TokenBatch, _ configuration: EncoderConfiguration) -> [Int32] {
    let sequences = zip(batch.offsets, batch.offsets.dropFirst())
    guard case .afterPadding = configuration.architecture.positions else {
      return sequences.flatMap { Array(0..<Int32($1 - $0)) }
    }
    let padding = Int32(configuration.paddingID)
    return sequences.flatMap { start, end in
      var last = padding
      return batch.ids[start..<end].map { id in
        if id == padding { return padding }
        last += 1
        return last
      }
    }
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
