import DistillCore
import DistillTraining
import Foundation

extension PipelineRun {
  /// Builds the knowledge base and writes it to the folder of the run, if the pipeline has one.
  ///
  /// - Returns: The encoder that answers and whose embeddings are the queries, and the knowledge base with its index.
  func knowledgeBase(
    _ teacher: (any TextEncoder)?, _ student: any TextEncoder
  ) throws -> (reader: any TextEncoder, RetrievalAugmentation?) {
    guard let options = pipeline.options.knowledgeBase, let recipe = options.retriever else { return (student, nil) }
    let map = try stateMap(options, student)
    let space = pipeline.options.searchSpace(student.card)
    let reader = map.map { MappedEncoder(encoder: student, map: $0, appendsOwn: space == .both) } ?? student
    let knowledge = try knowledge(options.labels, by: space == .teacher ? teacher ?? reader : reader, teacher)
    var augmentation = RetrievalAugmentation(
      knowledge, retriever: try recipe.makeRetriever(knowledge.embeddings), mixing: options.mixing)
    if let grid = options.choose { try choose(among: grid, &augmentation, reader) }
    record.mixing = augmentation.mixing
    try SealedFolder.write(to: folder.knowledgeBase) { folder in
      try knowledge.write(to: folder)
      try augmentation.retriever.write(to: folder)
      try map?.write(to: folder)
    }
    return (reader, augmentation)
  }

  private func encoded(_ examples: [Example], _ encoder: any TextEncoder) -> EncodedDataset {
    EncodedDataset(examples, with: encoder.tokenizer, maximumLength: pipeline.options.task.maximumLength)
  }

  /// Returns the map from the student's states to the embeddings of the base, if the knowledge base is searched there.
  private func stateMap(_ options: KnowledgeBaseOptions, _ student: any TextEncoder) throws -> StateMap? {
    guard pipeline.options.searchSpace(student.card).isMapped else { return nil }
    guard let base = try pipeline.base() else {
      throw ContractError("a recipe that says it has a base makes none")
    }
    guard base.tokenizer.fingerprint == student.tokenizer.fingerprint else {
      throw ContractError("the student and the checkpoint before the training have different vocabularies")
    }
    let data = encoded(texts.training + texts.unlabelled, student)
    return try StateMap(
      from: student, layers: options.layers ?? Array(1...student.card.layers), to: base, fitting: data,
      choosingOn: encoded(texts.heldOutForChoices, student), progress: told("map to the base", data.count))
  }

  /// Returns a function that reports progress, and throws if a stop was requested.
  private func told(_ what: String, _ total: Int) -> (Int) throws -> Void {
    { [self] done in
      observe(.progress(what: what, done: done, total: total))
      try stopIfRequested(before: what)
    }
  }

  /// Returns the keys that an encoder gives, with their labels.
  private func knowledge(
    _ labels: KeyLabels, by encoder: any TextEncoder, _ teacher: (any TextEncoder)?
  ) throws -> KnowledgeBase {
    let labelled = texts.training.count
    let examples = texts.training + (labels == .gold ? [] : texts.unlabelled)
    let data = encoded(examples, encoder)
    let keys = try answers(of: encoder, to: data, with: [.embedding], progress: told("knowledge base", data.count))
    let embeddings = Matrix(try keys[.embedding].l2Normalised())
    guard embeddings.values.allSatisfy(\.isFinite) else {
      throw ContractError("the embeddings are not finite; no knowledge base can be built of them")
    }
    var values: [Float] = []
    if labels != .soft {
      values = texts.training.flatMap { example -> [Float] in
        switch example.target {
        case .label(let label)?: (0..<texts.task.kind.outputs).map { $0 == label ? 1 : 0 }
        case .score(let score)?: [score]
        case nil: []
        }
      }
    }
    let asked = labels == .soft ? 0..<examples.count : labelled..<examples.count
    if !asked.isEmpty, let teacher {
      let soft = try answers(
        of: teacher, to: encoded(Array(examples[asked]), teacher), with: [.logits],
        progress: told("knowledge base: soft labels", asked.count))
      values += Matrix(probabilities(from: try soft[.logits], task: texts.task.kind)).values
    }
    let held = texts.heldOutForEpochs.count + texts.heldOutForChoices.count
    let rows = texts.trainingRows + texts.unlabelled.indices.map { labelled + held + $0 }
    return KnowledgeBase(
      embeddings: embeddings,
      softLabels: Matrix(rows: examples.count, columns: texts.task.kind.outputs, values: values), rows: rows)
  }

  /// Sets K, β and τ to the best of a grid on the texts that are held out for choices.
  private func choose(
    among grid: MixingGrid, _ augmentation: inout RetrievalAugmentation, _ reader: any TextEncoder
  ) throws {
    let data = encoded(texts.heldOutForChoices, reader)
    let response = try answers(of: reader, to: data, with: [.embedding, .logits])
    let trials = try augmentation.trials(
      grid, embeddings: try response[.embedding],
      outputs: probabilities(from: try response[.logits], task: texts.task.kind), data: data, task: texts.task)
    if let best = RetrievalAugmentation.best(of: trials) { augmentation.mixing = best.mixing }
  }
}
