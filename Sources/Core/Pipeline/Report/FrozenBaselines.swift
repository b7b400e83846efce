import DistillCore
import DistillTraining

/// The baselines that read the embeddings of the encoder as it was before any training on the task: regressions at full depth
/// and at the depth of the student, and nearest neighbours.
struct FrozenBaselines {
  private let embeddings: FrozenEmbeddings
  private let task: TaskDefinition

  /// Creates the baselines.
  ///
  /// - Parameters:
  ///   - base: The encoder, which must offer hidden states.
  ///   - task: The task.
  ///   - maximumLength: The largest number of tokens in a sequence.
  init(_ base: any TextEncoder, task: TaskDefinition, maximumLength: Int) {
    embeddings = FrozenEmbeddings(encoder: base, maximumLength: maximumLength)
    self.task = task
  }

  /// Fits the regressions and returns the ways of answering.
  ///
  /// - Parameters:
  ///   - training: The labelled texts to fit to.
  ///   - heldOut: The texts that choose the strength of the penalty. Without any, parts of the training texts do; see ``LinearProbe``.
  ///   - student: The card of the student, whose depth one regression has.
  ///   - progress: Called with the number of embedded texts and their total. An error that it throws ends the work.
  func answerers(
    training: [Example], heldOut: [Example], student: ModelCard, progress: (Int, Int) throws -> Void
  ) throws -> [Answerer] {
    let base = embeddings.encoder.card
    let layers = [base.layers] + (student.layers < base.layers ? [student.layers] : [])
    let all = training + heldOut
    let targets = all.compactMap(\.target)  // all of them have one, because they come from the training file
    let features = try embeddings.features(of: all, layers: layers) { try progress($0, all.count) }
    let isFit = Array(all.indices.prefix(training.count))
    let isHeldOut = Array(all.indices.suffix(heldOut.count))
    func part(_ index: Int, _ rows: [Int]) -> LinearProbe.Examples {
      (features[index].gathered(rows), rows.map { targets[$0] }, rows.map { all[$0].weight })
    }

    var answerers = try layers.indices.map { index in
      let map = try LinearProbe.fit(part(index, isFit), task: task.kind, choosingOn: part(index, isHeldOut))
      let layer = layers[index]
      let depth = layer == base.layers ? "all \(layer) layers" : "\(layer) of \(base.layers) layers"
      return answerer(
        "\(regressionName), \(depth)", layer: layer,
        parameters: layer == base.layers ? base.parameters : parameters(ofPart: student)
      ) { probabilities(from: map(Matrix($0)).tensor, task: task.kind) }
    }
    let vote = NeighbourVote(part(0, isFit).x, part(0, isFit).targets, task: task.kind)
    answerers.append(
      answerer(
        "\(vote.neighbours) nearest neighbours, all \(base.layers) layers", layer: base.layers,
        parameters: base.parameters, outputs: vote.callAsFunction))
    return answerers
  }

  private var regressionName: String {
    if case .regression = task.kind { "ridge regression" } else { "logistic regression" }
  }

  /// Returns the number of parameters of the lower layers of the base, or `nil` if the student differs from it in more than depth.
  private func parameters(ofPart student: ModelCard) -> Int? {
    let base = embeddings.encoder.card
    var same = student
    (same.layers, same.parameters, same.embeddingWidth, same.activations) = (
      base.layers, base.parameters, base.embeddingWidth, base.activations
    )
    return same == base ? student.parameters : nil
  }

  private func answerer(
    _ name: String, layer: Int, parameters: Int?, outputs: @escaping (Tensor) throws -> Tensor
  ) -> Answerer {
    Answerer(name: name, parameters: parameters, encode: embeddings.encode) { batches in
      try outputs(embeddings.features(of: batches, layers: [layer])[0])
    }
  }
}
