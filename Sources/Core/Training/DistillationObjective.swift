import DistillCore

/// The weighted sum of loss terms between a student and a teacher. Without a teacher it is fine-tuning.
public final class DistillationObjective: Objective {
  private let student: any Student
  private let memory: TeacherMemory?
  private let terms: [WeightedTerm]
  private let layerMap: [LayerPair]
  private var scheduler: (any Scheduler)?
  private let data: TaskData
  private let microBatchSize: Int?
  private let models: ModelPair
  /// Parameters of terms by position in `terms` and, for layer-wise ones, in the layer map.
  private var termParameters: [TermPlace: ParameterStore] = [:]
  public let parameters: [ParameterStore]

  private struct TermPlace: Hashable {
    let term: Int
    let pair: Int?
  }

  /// Without a scheduler every term counts in every step. The teacher's answers are kept in memory.
  ///
  /// - `teacherMemory`: bytes that the teacher's token-wise answers may take to be remembered.
  /// - Throws: `WiringError` where a term does not fit the models.
  public convenience init(
    student: any Student, teacher: (any Teacher)?, terms: [WeightedTerm], layerMap: [LayerPair],
    scheduler: (any Scheduler)?, data: TaskData, microBatchSize: Int? = nil, teacherMemory: Int = 0,
    key: RandomKey = RandomKey(0), observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws {
    try self.init(
      student: student, teacher: teacher, terms: terms, layerMap: layerMap, scheduler: scheduler, data: data,
      microBatchSize: microBatchSize, teacherMemory: teacherMemory, answers: nil, key: key, observe: observe)
  }

  /// - `answers`: where the teacher's answers lie for other trainings too; nil keeps them in memory.
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
        // Variance 1/inputs keeps lengths on average.
        let deviation = 1 / Float(parameter.shape[1]).squareRoot()
        let key = key.child(parameter.name).child(place.term).child(place.pair ?? -1)
        parameter.assign(Tensor(normal: parameter.shape, standardDeviation: deviation, key: key))
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

  /// Every application of a term: once, or once per pair of layers.
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

  /// What counts in the next step.
  package var focus: Focus { scheduler?.focus(layerMap) ?? Focus(layerPairs: layerMap.indices, outputs: true) }

  /// Bytes of the teacher's answers that would be remembered for a dataset.
  package func rememberedBytes(of data: EncodedDataset) -> Int { memory?.bytes(of: data) ?? 0 }

  // MARK: one step

  public func accumulateGradients(for step: Step) throws -> StepFigures {
    let focus = focus
    let active = Self.places(terms, layerMap).filter { place in
      place.pair.map(focus.layerPairs.contains) ?? focus.outputs
    }
    let reads = try active.reduce(Reads()) { sum, place in
      sum.union(try terms[place.term].term.reads(models, at: place.pair.map { layerMap[$0] }))
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
    // In pieces: first every piece's answers without a way back; then the loss on all of them together and its gradient with
    // respect to each answer; then each piece once more, backwards from there (Gao et al. 2021, "gradient cache"). Dropout
    // masks are functions of places in the whole batch, so the second pass meets the same ones.
    let parts = try pieces.map { try student.respond(to: $0, with: reads.student, dropout: step.key).detached }
    let leaves = Response(Response.concatenated(parts).activations.mapValues { $0.variable() })
    let (loss, figures) = try loss(active, batch, teacher: answers, student: leaves)
    loss.backward()
    var rows: [Activation: Int] = [:]
    for piece in pieces {
      let response = try student.respond(to: piece, with: reads.student, dropout: step.key)
      // In one order: sums of gradients depend on it, and a dictionary's is another in every process.
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
    // Before its stage the classifier knows nothing, and no epoch is to be kept for what it scores by chance.
    guard focus.outputs, let validation = data.validation, validation.targets != nil else { return [] }
    return try scores(
      predictions(
        from: try answers(of: student.model(), to: validation, with: [.logits])[.logits], task: data.task.kind),
      on: validation, task: data.task)
  }
}
