import DistillCore

/// Random responses of a teacher and a student to one batch, on which a loss term is evaluated.
struct LossScene {
  let term: any LossTerm
  let models: ModelPair
  let layers: LayerPair?
  let reads: Reads
  var lengths: [Int]
  var targets: [Target?]
  var teacher: Response
  var student: Response
  /// The term's own parameters, or `nil` if it has none.
  let parameters: ParameterStore?

  /// Creates random responses with the activations that the term reads. A term for a layer gets the student's layer 1 and the
  /// teacher's layer 2.
  ///
  /// - Throws: Any error of the term's `reads`.
  init(_ term: any LossTerm, _ models: ModelPair, lengths: [Int], key: RandomKey) throws {
    (self.term, self.models, self.lengths) = (term, models, lengths)
    let layers = term.scope == .layer ? LayerPair(student: 1, teacher: 2) : nil
    self.layers = layers
    let reads = try term.reads(models, at: layers)
    self.reads = reads
    let classes = models.student.outputs
    targets = lengths.indices.map { index in
      switch models.task {
      case .classification: .label(index % classes)
      case .multilabel: .labels([index % classes, (index + 1) % classes].sorted())
      case .regression: .score(key.child("scores").normal(UInt64(index)))
      }
    }
    teacher = Response()
    student = Response()
    if let card = models.teacher {
      for activation in reads.teacher {
        teacher.set(activation, Self.answer(activation, card, lengths, key.child("teacher")))
      }
    }
    for activation in reads.student {
      student.set(activation, Self.answer(activation, models.student, lengths, key.child("student")))
    }
    let definitions = term.parameters(models, at: layers)
    parameters = definitions.isEmpty ? nil : try ParameterStore(definitions)
    for parameter in parameters?.parameters ?? [] {
      parameter.assign(Tensor(normal: parameter.shape, standardDeviation: 0.5, key: key.child(parameter.name)))
    }
  }

  /// Returns random values for an activation. Attention is a softmax of random numbers, because it consists of probabilities.
  private static func answer(_ activation: Activation, _ card: ModelCard, _ lengths: [Int], _ key: RandomKey) -> Tensor
  {
    let key = key.child(activation.description)
    guard activation.kind.shape == .attention else {
      return Tensor(normal: activation.shape(card, lengths), standardDeviation: 1, key: key)
    }
    return concatenatedRows(
      lengths.enumerated().map { index, length in
        let scores = Tensor(normal: [card.heads * length, length], standardDeviation: 1, key: key.child(index))
        return softmax(scores).reshaped([scores.count])
      })
  }

  var batch: TokenBatch {
    TokenBatch(
      lengths.map { TokenSequence(ids: Array(repeating: 0, count: $0), typeIDs: Array(repeating: 0, count: $0)) },
      targets: targets, examples: Array(lengths.indices))
  }

  /// Returns the loss, and checks that it is a scalar.
  func loss() throws -> Tensor {
    let loss = try term.loss(
      LossInputs(
        models: models, teacher: teacher, student: student, batch: batch, layers: layers, parameters: parameters))
    try require(loss.count == 1, "the loss has the shape \(loss.shape), not that of a scalar")
    return loss
  }

  /// Returns the loss and its gradients with respect to the student's responses. A gradient that did not arrive is zero.
  func gradients() throws -> (loss: Float, gradients: [Activation: Tensor]) {
    var scene = self
    scene.student = Response(student.activations.mapValues { $0.detached.variable() })
    parameters?.clearGradients()
    let loss = try scene.loss()
    loss.backward()
    return (
      loss.scalar, scene.student.activations.mapValues { $0.gradient ?? Tensor(repeating: 0, $0.shape) }
    )
  }

  /// Returns the same as ``gradients()`` if the student responded to one range of sequences at a time.
  func gradients(inPieces pieces: [Range<Int>]) throws -> (loss: Float, gradients: [Activation: Tensor]) {
    let leaves = pieces.map { range in
      Response(
        Dictionary(
          uniqueKeysWithValues: student.activations.map { activation, tensor in
            let parts = activation.pieces(of: tensor, models.student, lengths)
            return (activation, concatenatedRows(Array(parts[range])).detached.variable())
          }))
    }
    var scene = self
    scene.student = Response.concatenated(leaves)
    parameters?.clearGradients()
    let loss = try scene.loss()
    loss.backward()
    let gradients = leaves.map {
      Response($0.activations.mapValues { $0.gradient ?? Tensor(repeating: 0, $0.shape) })
    }
    return (loss.scalar, Response.concatenated(gradients).activations)
  }

  /// Returns the teacher's activation that corresponds to one of the student's. Without a pair of layers, the last layers
  /// correspond.
  func counterpart(of activation: Activation) -> Activation {
    let layers = layers ?? models.teacher.map { LayerPair(student: models.student.layers, teacher: $0.layers) }
    guard let layers, activation.layer == layers.student else { return activation }
    return Activation(activation.kind, layer: layers.teacher)
  }

  /// Returns the same batch in another order.
  func reordered(_ order: [Int]) -> LossScene {
    func reordered(_ response: Response, _ card: ModelCard) -> Response {
      Response(
        Dictionary(
          uniqueKeysWithValues: response.activations.map { activation, tensor in
            let pieces = activation.pieces(of: tensor, card, lengths)
            return (activation, concatenatedRows(order.map { pieces[$0] }))
          }))
    }
    var scene = self
    if let card = models.teacher { scene.teacher = reordered(teacher, card) }
    scene.student = reordered(student, models.student)
    scene.lengths = order.map { lengths[$0] }
    scene.targets = order.map { targets[$0] }
    return scene
  }
}

extension Response {
  /// Returns the response with all activations changed. Attention is rounded to 0 and 1 instead, because it must stay a
  /// probability.
  func changed(_ change: (Tensor) -> Tensor) -> Response {
    Response(
      Dictionary(
        uniqueKeysWithValues: activations.map { activation, tensor in
          guard activation.kind.shape == .attention else { return (activation, change(tensor)) }
          return (activation, Tensor(tensor.values.map { $0 > 0.5 ? 1 : 0 }, tensor.shape))
        }))
  }
}
