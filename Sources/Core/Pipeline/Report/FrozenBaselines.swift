import DistillCore
import DistillTraining

/// The baselines that read the embeddings of the encoder as it was before any training on the task: regressions at full depth
/// and at the depth of the student, and nearest neighbours.
struct FrozenBaselines {
  private let embeddings: FrozenEmbeddings
  private let task: TaskDefinition
  private let key: RandomKey
  /// The penalties to choose from, the strongest first. On normalised embeddings of 1,000 texts of 15 classes the best one is 3e-4;
  /// of 10,000 texts of 77 classes it is 3e-6. Those of the ridge regression are relative to the variance.
  private var strengths: [Double] {
    if case .regression = task.kind {
      [10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003]
    } else {
      [1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6]
    }
  }

  private typealias Labelled = (x: Matrix, targets: [Target])

  /// Creates the baselines.
  ///
  /// - Parameters:
  ///   - base: The encoder, which must offer hidden states.
  ///   - task: The task.
  ///   - maximumLength: The largest number of tokens in a sequence.
  ///   - key: The key that chooses texts to choose the penalty on, if none are held out.
  init(_ base: any TextEncoder, task: TaskDefinition, maximumLength: Int, key: RandomKey) {
    embeddings = FrozenEmbeddings(encoder: base, maximumLength: maximumLength)
    (self.task, self.key) = (task, key.child("baselines"))
  }

  /// Fits the regressions and returns the ways of answering.
  ///
  /// - Parameters:
  ///   - training: The labelled texts to fit to.
  ///   - heldOut: The texts that the penalty is chosen on. If there are none, it is chosen on a fifth of the training texts, and
  ///     the regression is fitted again to all of them.
  ///   - student: The card of the student, whose depth one regression has.
  ///   - progress: Called with the number of embedded texts and their total. An error that it throws ends the work.
  func answerers(
    training: [Example], heldOut: [Example], student: ModelCard, progress: (Int, Int) throws -> Void
  ) throws -> [Answerer] {
    let base = embeddings.encoder.card
    let layers = [base.layers] + (student.layers < base.layers ? [student.layers] : [])
    let all = training + heldOut
    guard let targets = Dataset(all).targets, !training.isEmpty else {
      throw ContractError("the training texts have no labels to fit a regression to")
    }
    let features = try embeddings.features(of: all, layers: layers) { try progress($0, all.count) }
    let isFit = Array(all.indices.prefix(training.count))
    let isHeldOut = Array(all.indices.suffix(heldOut.count))
    func part(_ index: Int, _ rows: [Int]) -> Labelled { (features[index].gathered(rows), rows.map { targets[$0] }) }

    var answerers = try layers.indices.map { index in
      let map = try regression(part(index, isFit), heldOut: heldOut.isEmpty ? nil : part(index, isHeldOut))
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

  // MARK: the regression

  private func regression(_ all: Labelled, heldOut: Labelled?) throws -> LinearMap {
    if let heldOut { return try best(of: fitted(all, strengths), on: heldOut).map }
    let order = key.permutation(all.x.rows)
    let fifth = all.x.rows / 5
    guard fifth > 0 else { return try fitted(all, [strengths[0]])[0].map }
    func part(_ rows: [Int]) -> Labelled { (all.x.gathered(rows), rows.map { all.targets[$0] }) }
    let (chosenOn, rest) = (part(order.prefix(fifth).sorted()), part(order.dropFirst(fifth).sorted()))
    return try fitted(all, [best(of: fitted(rest, strengths), on: chosenOn).strength])[0].map
  }

  private func fitted(_ data: Labelled, _ strengths: [Double]) throws -> [(strength: Double, map: LinearMap)] {
    switch task.kind {
    case .regression:
      let scores = data.targets.compactMap(\.score)
      let problem = try RidgeProblem(data.x, Matrix(rows: scores.count, columns: 1, values: scores))
      return try strengths.map { ($0, try problem.solve(strength: $0)) }
    case .classification(let labels):
      var last: LinearMap?
      return try strengths.map { strength in
        let map = try LinearMap.logisticRegression(
          data.x, labels: data.targets.compactMap(\.label), classes: labels.count, strength: strength, start: last)
        last = map
        return (strength, map)
      }
    }
  }

  /// Returns the map with the best score, and of equal ones that with the strongest penalty.
  private func best(
    of maps: [(strength: Double, map: LinearMap)], on data: Labelled
  ) -> (strength: Double, map: LinearMap) {
    let scores = maps.map {
      task.metrics[0].value(
        predictions: predictions(from: $0.map(data.x).tensor, task: task.kind), targets: data.targets)
    }
    return maps[scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }]
  }
}
