import DistillCore
import DistillKnowledge
import DistillTraining
import Foundation

/// Changes of a run's knowledge base. They take effect for whoever opens the run afterwards; nothing is trained.
extension FinishedRun {
  private var place: KnowledgeFolder { KnowledgeFolder(folder.knowledgeBase) }

  /// The log of the knowledge base.
  ///
  /// - Throws: `ContractError` if the run has no knowledge base or one that cannot be changed.
  public func knowledgeLog() throws -> KnowledgeLog {
    guard options.knowledgeBase != nil else { throw ContractError("the run has no knowledge base") }
    guard KnowledgeLog.exists(at: place.url) else {
      throw ContractError("the run is from before version 0.6, whose knowledge bases cannot be changed; make it again")
    }
    return place.log
  }

  /// Adds the texts of a labelled file, whose labels may be new.
  ///
  /// - Parameters:
  ///   - file: The file, in the layout of the task.
  ///   - isUnlabelled: Whether the file has texts alone, which the run's teacher answers.
  ///   - observe: Called with the number of texts that are done, and with that of all. An error that it throws ends the work.
  /// - Returns: The numbers of the new entries, and the labels that were not known before.
  /// - Throws: `TextFileError` with all malformed rows, `ContractError` if a label has no teacher to give it, and the errors of the log.
  public func teach(
    _ file: URL, isUnlabelled: Bool = false, observe: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> (ids: Range<Int>, newLabels: [String]) {
    let log = try knowledgeLog()
    let task = isUnlabelled ? task : try task.addingLabels(of: file)
    let examples = try isUnlabelled ? task.readUnlabelled(file).examples : task.read(file).examples
    if examples.isEmpty { throw ContractError("\(file.path) has no texts") }
    let teacher = isUnlabelled || options.knowledgeBase?.space == .teacher ? try self.teacher() : nil
    if isUnlabelled, teacher == nil { throw ContractError("the run has no teacher that could label these texts") }
    let encoder: any TextEncoder = options.knowledgeBase?.space == .teacher ? teacher ?? reader : reader
    let data = EncodedDataset(examples, with: encoder.tokenizer, maximumLength: options.task.maximumLength)
    let response = try answers(of: encoder, to: data, with: [.embedding]) { try observe($0, data.count) }
    let keys = Matrix(try response[.embedding].l2Normalised())
    let entries = examples.map {
      KnowledgeEntry(
        $0, task: task.kind, keepsText: options.knowledgeBase?.texts ?? true,
        source: "\(file.lastPathComponent):\($0.line)")
    }
    var addition = KnowledgeAddition(entries, keys: keys)
    if isUnlabelled, let teacher {
      let data = EncodedDataset(examples, with: teacher.tokenizer, maximumLength: options.task.maximumLength)
      let own = try self.options.task.definition().kind
      let soft = Matrix(probabilities(from: try answers(of: teacher, to: data, with: [.logits])[.logits], task: own))
      addition = KnowledgeAddition(entries, keys: keys, softLabels: soft, softRows: Array(examples.indices))
    }
    let ids = try log.add(addition, note: file.lastPathComponent)
    try refreshIndex()
    return (ids, Array((task.kind.labels ?? []).dropFirst(self.task.kind.labels?.count ?? 0)))
  }

  /// Fits a readout to everything that is known, and lets it answer in the place of the student's classifier.
  ///
  /// - Returns: The readout and its number.
  /// - Throws: `ContractError` if the task has no labels, if keys are not the student's own, or if there are fewer than two labels.
  public func refit() throws -> (number: Int, readout: Readout) {
    let state = try knowledgeLog().snapshot()
    guard case .classification(let labels) = task.kind else {
      throw ContractError("a readout is fitted to texts of one label each, which this task does not have")
    }
    guard options.knowledgeBase?.space != .teacher else {
      throw ContractError(
        "the knowledge base has the teacher's embeddings, which the student's need not be like; a readout needs `space: both`, `base` or "
          + "`student`")
    }
    let readout = try Readout(of: state, order: labels)
    return (try ReadoutFolder(url: folder.readouts).add(readout), readout)
  }

  /// The readouts of the run with their numbers, in the order in which they were fitted.
  ///
  /// - Throws: `FormatError` if one is damaged.
  public func readouts() throws -> [(number: Int, readout: Readout)] {
    let (readouts, width) = (ReadoutFolder(url: folder.readouts), reader.card.embeddingWidth)
    return try readouts.numbers().map { ($0, try readouts.readout($0, width: width)) }
  }

  /// The number of the readout that answers, or `nil` if the student's own classifier does.
  public func chosenReadout() throws -> Int? { try ReadoutFolder(url: folder.readouts).chosen() }

  /// Lets a readout answer, or the student's own classifier for `nil`.
  ///
  /// - Throws: `ContractError` if there is no such readout.
  public func choose(readout number: Int?) throws { try ReadoutFolder(url: folder.readouts).choose(number) }

  /// Brings the index to what is known now, unless it is already: it is extended where that is possible, and made anew otherwise. To
  /// be called after every change of the log.
  public func refreshIndex() throws {
    guard let options = options.knowledgeBase, let recipe = options.retriever else { return }
    let state = try knowledgeLog().snapshot()
    let known = try self.options.task.definition()
    if place.hasIndex(of: state) { return }
    let keys = KnowledgeBase(
      state, labels: options.labels, task: known.adding(state.newLabels(beside: known.kind)).kind
    ).embeddings
    var index: (any Retriever)?
    if let known = augmentation, keys.values.starts(with: known.knowledge.embeddings.values) {
      index = try recipe.extend(known.retriever, to: keys)
    }
    try place.write(try index ?? recipe.makeRetriever(keys), of: state)
  }
}
