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
    let keys = try keys(of: examples, teacher, observe: observe)
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

  /// Adds labelled texts, whose labels may be new.
  ///
  /// - Parameters:
  ///   - entries: The texts, each with what is true of it: `label`, `labels` where several can apply, or `score` for regression.
  ///   - note: What is done, in words, for the history.
  /// - Returns: The numbers of the new entries.
  /// - Throws: `ContractError` if there are none, or if one has no text, no second text of a pair, or not what the task asks for; and the
  ///   errors of the log.
  public func teach(_ entries: [KnowledgeEntry], note: String) throws -> Range<Int> {
    let log = try knowledgeLog()
    if entries.isEmpty { throw ContractError("there are no entries") }
    let examples = try entries.enumerated().map { index, entry in
      if let mistake = mistake(in: entry) { throw ContractError("entry \(index) \(mistake)") }
      return Example(text: entry.text ?? "", pair: entry.pair, line: index + 1)
    }
    let teacher = options.knowledgeBase?.space == .teacher ? try self.teacher() : nil
    let keepsText = options.knowledgeBase?.texts ?? true
    let kept = entries.map {
      KnowledgeEntry(
        text: keepsText ? $0.text : nil, pair: keepsText ? $0.pair : nil, label: $0.label, labels: $0.labels,
        score: $0.score, source: $0.source)
    }
    let ids = try log.add(KnowledgeAddition(kept, keys: try keys(of: examples, teacher)), note: note)
    try refreshIndex()
    return ids
  }

  /// Returns what is wrong with an entry that is to be added, in words that go on from its number.
  private func mistake(in entry: KnowledgeEntry) -> String? {
    if entry.text == nil { return "has no text" }
    if (entry.pair != nil) != hasPairs { return hasPairs ? "has no `pair`" : "has a `pair`, and the task has none" }
    let given = [entry.label != nil, entry.labels != nil, entry.score != nil]
    switch task.kind {
    case .classification where given != [true, false, false]:
      return "must have a `label`, and nothing else that is true of it"
    case .multilabel where given != [false, true, false]:
      return "must have `labels`, and nothing else that is true of it"
    case .regression where given != [false, false, true]:
      return "must have a `score`, and nothing else that is true of it"
    default: break
    }
    if entry.allLabels?.contains("") == true { return "has an empty label" }
    if Set(entry.allLabels ?? []).count != entry.allLabels?.count ?? 0 { return "has a label twice" }
    return entry.score?.isFinite == false ? "has a score that is not finite" : nil
  }

  /// Returns the keys of texts, by the encoder whose embeddings the knowledge base has.
  private func keys(
    of examples: [Example], _ teacher: (any Teacher)?, observe: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> Matrix {
    let encoder: any TextEncoder = options.knowledgeBase?.space == .teacher ? teacher ?? reader : reader
    let data = EncodedDataset(examples, with: encoder.tokenizer, maximumLength: options.task.maximumLength)
    let response = try answers(of: encoder, to: data, with: [.embedding]) { try observe($0, data.count) }
    return Matrix(try response[.embedding].l2Normalised())
  }

  /// Goes back to the state after an earlier change. If the readout that answers was fitted to something else, the newest one that was not does
  /// so from now on, or the student's own classifier.
  ///
  /// - Returns: Whether another readout answers than before.
  /// - Throws: `ContractError` if there is no such change, or if a compaction has removed what it needs.
  public func revert(to number: Int) throws -> Bool {
    let (log, chosen) = (try knowledgeLog(), try chosenReadout())
    let readouts = chosen == nil ? [] : try readouts()
    try log.revert(to: number)
    let fitting = try readouts.filter { try log.isPart($0.readout.change, of: number) }.map(\.number)
    let isOther = chosen.map { !fitting.contains($0) } ?? false
    if isOther { try choose(readout: fitting.last) }
    try refreshIndex()
    return isOther
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
    var readout = try Readout(of: state, order: labels)
    // As long as nothing was taught since, the share stays that was chosen beside a readout of the texts that were learnt from.
    if let answering = augmentation?.readout, answering.change == state.change { readout.beta = answering.beta }
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
      state, labels: self.options.keyLabels, task: known.adding(state.newLabels(beside: known.kind)).kind
    ).embeddings
    var index: (any Retriever)?
    if let known = augmentation, keys.values.starts(with: known.knowledge.embeddings.values) {
      index = try recipe.extend(known.retriever, to: keys)
    }
    try place.write(try index ?? recipe.makeRetriever(keys), of: state)
  }
}
