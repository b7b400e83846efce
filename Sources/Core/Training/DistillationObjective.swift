import DistillCore

/// A weighted sum of loss terms between a student and a teacher. Without a teacher it is the objective of fine-tuning.
public final class DistillationObjective: Objective {
  private let student: any Student
  private let memory: TeacherMemory?
  private let terms: [WeightedTerm]
  private let layerMap: [LayerPair]
  private var scheduler: (any Scheduler)?
  private let data: TaskData
  private let microBatchSize: Int?
  private let models: ModelPair
  /// The parameters of the terms, by the position of the term in `terms` and of the pair in the layer map.
  private var termParameters: [TermPlace: ParameterStore] = [:]
  public let parameters: [ParameterStore]

  private struct TermPlace: Hashable {
    let term: Int
    let pair: Int?
  }

  /// Creates an objective whose teacher's answers are kept in memory.
  ///
  /// - Parameters:
  ///   - student: The encoder that is trained.
  ///   - teacher: The encoder that it learns from, or `nil` for fine-tuning.
  ///   - terms: The loss terms. Their names must be different.
  ///   - layerMap: The pairs of layers that layer-wise terms compare.
  ///   - scheduler: The schedule, or `nil` if every term is part of the loss in every step.
  ///   - data: The texts of the task, encoded with the student's tokenizer.
  ///   - microBatchSize: The number of sequences that are in memory at once, or `nil` for the whole batch. The gradient is that
  ///     of the whole batch in both cases.
  ///   - teacherMemory: The number of bytes that the teacher's answers for single tokens may take. What does not fit is
  ///     computed again in every step. Answers with one row for each sequence are always kept.
  ///   - key: The key for the initial values of the terms' parameters.
  ///   - observe: Receives the progress of the teacher's answers.
  /// - Throws: `WiringError` if a term does not fit the models.
  public convenience init(
    student: any Student, teacher: (any Teacher)?, terms: [WeightedTerm], layerMap: [LayerPair],
    scheduler: (any Scheduler)?, data: TaskData, microBatchSize: Int? = nil, teacherMemory: Int = 0,
    key: RandomKey = RandomKey(0), observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws {
    try self.init(
      student: student, teacher: teacher, terms: terms, layerMap: layerMap, scheduler: scheduler, data: data,
      microBatchSize: microBatchSize, teacherMemory: teacherMemory, answers: nil, key: key, observe: observe)
  }

  /// Creates an objective, as the public initialiser does.
  ///
  /// - `answers`: The folder where the teacher's answers are kept for this and other trainings, or `nil` to keep them in
  ///   memory.
  package init(
    student: any Student, teacher: (any Teacher)?, terms: [WeightedTerm], layerMap: [LayerPair],
    scheduler: (any Scheduler)?, data: TaskData, microBatchSize: Int? = nil, teacherMemory: Int = 0,
    answers: AnswerFolder?, key: RandomKey = RandomKey(0), observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws {
    precondition(Set(terms.map(\.name)).count == terms.count, "terms need names of their own: \(terms.map(\.name))")
    (self.student, self.terms, self.layerMap) = (student, terms, layerMap)
    (self.scheduler, self.data, self.microBatchSize) = (scheduler, data, microBatchSize)
    models = ModelPair(teacher: teacher?.card, student: student.card, task: data.task.kind)
    var stores = [student.parameters]
    var reads = Reads()
    for place in Self.places(terms, layerMap) {
      let pair = place.pair.map { layerMap[$0] }
      reads = reads.union(try terms[place.term].term.reads(models, at: pair))
      let definitions = terms[place.term].term.parameters(models, at: pair)
      guard !definitions.isEmpty else { continue }
      let store = try ParameterStore(definitions)
      for parameter in store.parameters where parameter.shape.rank == 2 {
        let key = key.child(parameter.name).child(place.term).child(place.pair ?? -1)
        parameter.assign(Self.initialMap(parameter.shape, key))
      }
      termParameters[place] = store
      stores.append(store)
    }
    parameters = stores
    memory = teacher.map {
      TeacherMemory(
        $0, data: data.training, activations: reads.teacher, tokenWiseBytes: teacherMemory, folder: answers,
        observe: observe)
    }
  }

  /// Returns the map that a matrix of a term begins as.
  ///
  /// A student that is made of the teacher's layers has states that resemble the teacher's. The identity leaves them as they are, and a
  /// random map would have them turned. Between different widths, a variance of 1/inputs keeps the length of a vector on average.
  private static func initialMap(_ shape: Shape, _ key: RandomKey) -> Tensor {
    let (outputs, inputs) = (shape[0], shape[1])
    guard outputs != inputs else {
      return Tensor((0..<shape.count).map { $0 % (inputs + 1) == 0 ? 1 : 0 }, shape)
    }
    return Tensor(normal: shape, standardDeviation: 1 / Float(inputs).squareRoot(), key: key)
  }

  /// Returns every application of a term: one for each batch, or one for each pair of layers.
  private static func places(_ terms: [WeightedTerm], _ layerMap: [LayerPair]) -> [TermPlace] {
    terms.enumerated().flatMap { index, term -> [TermPlace] in
      switch term.term.scope {
      case .output: [TermPlace(term: index, pair: nil)]
      case .layer: layerMap.indices.map { TermPlace(term: index, pair: $0) }
      }
    }
  }

  public var exampleCount: Int { data.training.count }

  public var state: SchedulerState {
    get { scheduler?.state ?? SchedulerState() }
    set { scheduler?.state = newValue }
  }

  public func observe(_ report: StepReport) -> StageMove? { scheduler?.observe(report, layerMap) }

  /// The layers and terms that the next step optimises.
  package var focus: Focus { scheduler?.focus(layerMap) ?? Focus(layerPairs: layerMap.indices, outputs: true) }

  /// Whether the schedule trains the logits in the next step. As long as it does not, the classifier is random.
  package var trainsClassifier: Bool { focus.outputs && focus.logits }

  /// Returns the number of bytes of the teacher's answers that would be kept for a dataset.
  package func rememberedBytes(of data: EncodedDataset) -> Int { memory?.bytes(of: data) ?? 0 }

  // MARK: one step

  public func accumulateGradients(for step: Step) throws -> StepFigures {
    let focus = focus
    var active: [TermPlace] = []
    var reads = Reads()
    for place in Self.places(terms, layerMap) {
      let own = try terms[place.term].term.reads(models, at: place.pair.map { layerMap[$0] })
      let counts = focus.outputs && (focus.logits || !own.student.contains(.logits))
      guard place.pair.map(focus.layerPairs.contains) ?? counts else { continue }
      active.append(place)
      reads = reads.union(own)
    }
    let batch = data.training.batch(step.examples)
    let pieces = pieces(of: batch)
    let answers = try memory?.answers(to: pieces, with: reads.teacher)

    if pieces.count == 1 {
      let response = try student.respond(to: batch, with: reads.student, dropout: step.key)
      let (loss, figures) = try loss(active, batch, teacher: answers, student: response)
      loss.backward()
      return figures
    }
    // Micro-batches are computed with a gradient cache (Gao et al. 2021), because terms that compare the sequences of a batch
    // need the whole batch. First, all pieces are computed without gradients. Then the loss is computed on all of them
    // together, with its gradient with respect to each activation. Finally, each piece is computed again, and these gradients
    // are propagated back through it. Dropout masks depend on the place in the whole batch, so both passes use the same ones.
    let parts = try pieces.map { try student.respond(to: $0, with: reads.student, dropout: step.key).detached }
    let leaves = Response(Response.concatenated(parts).activations.mapValues { $0.variable() })
    let (loss, figures) = try loss(active, batch, teacher: answers, student: leaves)
    loss.backward()
    var rows: [Activation: Int] = [:]
    for piece in pieces {
      let response = try student.respond(to: piece, with: reads.student, dropout: step.key)
      // The order is fixed, because sums of gradients depend on it and the order of a dictionary is different in each process.
      backward(
        from: response.activations.sorted { "\($0.key)" < "\($1.key)" }.compactMap { activation, tensor in
          let start = rows[activation, default: 0]
          rows[activation] = start + tensor.shape[0]
          return leaves.activations[activation]?.gradient.map { (tensor, $0.rows(start..<start + tensor.shape[0])) }
        })
    }
    return figures
  }

  private func pieces(of batch: TokenBatch) -> [TokenBatch] {
    guard let size = microBatchSize, size < batch.sequenceCount else { return [batch] }
    return stride(from: 0, to: batch.sequenceCount, by: size).map {
      batch.slice($0..<min($0 + size, batch.sequenceCount))
    }
  }

  private func loss(
    _ active: [TermPlace], _ batch: TokenBatch, teacher: Response?, student: Response
  ) throws -> (Tensor, StepFigures) {
    var total = Tensor(0)
    var figures: [(name: String, value: Double)] = []
    for place in active {
      let (weighted, pair) = (terms[place.term], place.pair.map { layerMap[$0] })
      let reads = try weighted.term.reads(models, at: pair)
      let value = try weighted.term.loss(
        LossInputs(
          models: models, teacher: (teacher ?? Response()).only(reads.teacher), student: student.only(reads.student),
          batch: batch, layers: pair, parameters: termParameters[place]))
      guard value.count == 1 else {
        throw ContractError("\(weighted.name) gave a tensor of shape \(value.shape); a loss is a scalar")
      }
      let name = pair.map { "\(weighted.name).\($0.student)" } ?? weighted.name
      figures.append((name, Double(value.scalar)))
      total = total + weighted.weight * value.reshaped([])
    }
    return (total, StepFigures(loss: Double(total.scalar), terms: figures))
  }

  // MARK: validation

  public func evaluate() throws -> [Score] {
    // The score of a random classifier must not select an epoch.
    guard trainsClassifier, let validation = data.validation else { return [] }
    return try scores(
      predictions(
        from: try answers(of: student.model(), to: validation, with: [.logits])[.logits], task: data.task.kind),
      on: validation, task: data.task)
  }
}
