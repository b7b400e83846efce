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
  ///   - observe: Called with the number of texts that are done. An error that it throws ends the work.
  /// - Returns: The numbers of the new entries, and the labels that were not known before.
  /// - Throws: `TextFileError` with all malformed rows, `ContractError` if a label has no teacher to give it, and the errors of the log.
  public func teach(
    _ file: URL, isUnlabelled: Bool = false, observe: (Int) throws -> Void = { _ in }
  ) throws -> (ids: Range<Int>, newLabels: [String]) {
    let log = try knowledgeLog()
    let task = isUnlabelled ? task : try task.addingLabels(of: file)
    let examples = try isUnlabelled ? task.readUnlabelled(file).examples : task.read(file).examples
    if examples.isEmpty { throw ContractError("\(file.path) has no texts") }
    let teacher = isUnlabelled || options.knowledgeBase?.space == .teacher ? try self.teacher() : nil
    if isUnlabelled, teacher == nil { throw ContractError("the run has no teacher that could label these texts") }
    let encoder: any TextEncoder = options.knowledgeBase?.space == .teacher ? teacher ?? reader : reader
    let data = EncodedDataset(examples, with: encoder.tokenizer, maximumLength: options.task.maximumLength)
    let keys = Matrix(
      try answers(of: encoder, to: data, with: [.embedding], progress: observe)[.embedding].l2Normalised())
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
    func labels(_ kind: TaskKind) -> [String] { if case .classification(let labels) = kind { labels } else { [] } }
    return (ids, Array(labels(task.kind).dropFirst(labels(self.task.kind).count)))
  }

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
