import DistillCore
import Foundation

/// The texts of a pipeline, before they are encoded.
package struct TaskTexts: Sendable {
  package let task: TaskDefinition
  package let training: [Example]
  /// The positions of the training examples in the training files, counted from 0.
  package let trainingRows: [Int]
  /// The file and the line of each training example, such as `train.tsv:12`.
  let trainingSources: [String]
  /// The examples of the training file whose scores select the best epoch, and which are used for nothing else.
  package let heldOutForEpochs: [Example]
  /// The examples of the training file on which K, β, τ and other settings are chosen after the training.
  package let heldOutForChoices: [Example]
  /// The examples of the training file on which the teacher's recipe chooses something, and nothing else.
  package let heldOutForTeacher: [Example]
  /// What the teacher cannot answer, if it cannot answer everything.
  package let coverage: AnswerCoverage?
  package let validation: [Example]?
  /// Texts whose answers are not known, on which the student learns from the teacher.
  package let unlabelled: [Example]
  /// The examples whose scores select the best epoch of teacher and student, or `nil` if the last one is kept.
  package let selection: [Example]?

  /// The task and the texts, as far as a prepared teacher depends on them.
  let teacherProvenance: Provenance
  /// The task and all texts.
  package let provenance: Provenance

  /// The number of unlabelled texts that are also texts of the validation file or held out. The student's answers to these are
  /// not those to texts that it has never seen.
  package var leakedCount: Int {
    func texts(_ examples: [Example]) -> Set<[String?]> { Set(examples.map { [$0.text, $0.pair] }) }
    let unseen = texts((validation ?? []) + heldOutForEpochs + heldOutForChoices + heldOutForTeacher)
    return texts(unlabelled).intersection(unseen).count
  }
}

extension OptionPaths {
  /// Returns the files that the paths name and match, in the order of the paths.
  ///
  /// - Throws: `ContractError` if a pattern matches nothing.
  func files() throws -> [URL] { try list.flatMap { try $0.files() } }
}

extension OptionPath {
  /// Returns the file that the path names, or the files that it matches, sorted.
  ///
  /// - Throws: `ContractError` if it matches nothing.
  func files() throws -> [URL] {
    guard let matches = FileSystem.matches(of: url) else { return [url] }
    if matches.isEmpty { throw ContractError("no file matches \(url.path)") }
    return matches
  }
}

extension TaskOptions {
  /// Returns the task. If the options do not list the labels, they are collected from the training file.
  ///
  /// - Throws: `TaskDefinitionError` or `TextFileError`.
  package func definition() throws -> TaskDefinition { try outline().collectingLabels(from: train.files()) }

  /// Returns the task without reading any file. If its labels have to be collected from the training file, they are still
  /// missing.
  func outline() throws -> TaskDefinition {
    if let known = TaskDefinition.named(use) { return known }
    guard let format = RowLayout.Format(rawValue: use) else { throw ContractError("unknown task \(use)") }
    var layout = RowLayout(format, text: text ?? "text", pair: pair, target: score ?? label ?? "label")
    if let separator { layout.separator = separator.byte }
    layout.labelSeparator = labelSeparator
    return try TaskDefinition.generic(layout, labels: score == nil ? labels ?? [] : nil, isMultilabel: isMultilabel)
  }
}

extension PipelineOptions {
  /// Reads all files of the task and holds out a share of the training examples, which the seed chooses.
  package func texts() throws -> TaskTexts {
    let definition = try task.definition()
    typealias Texts = (examples: [Example], sources: [String])
    func read(_ files: [URL], _ read: (URL) throws -> Dataset) throws -> Texts {
      try files.reduce(into: ([], [])) { all, file in
        let examples = try read(file).examples
        all.examples += examples
        all.sources += examples.map { "\(file.lastPathComponent):\($0.line)" }
      }
    }
    let (labelled, sources) = try read(task.train.files()) { try definition.read($0) }
    var all = labelled
    let more = try read(task.unlabelled.files()) { try definition.readUnlabelled($0) }
    let order = RandomKey(UInt64(seed)).child("hold-out").permutation(all.count)
    let heldOut = order.prefix(heldOutCount(among: all.count))
    let forEpochs = keepsBestEpoch ? heldOut.count / 2 : 0
    let forTeacher = teacher?.choosesOnHeldOut == true ? (heldOut.count - forEpochs) / 2 : 0
    var rows = order.dropFirst(heldOut.count).sorted()
    // The texts that the teacher has to answer: those to learn from, and those that it chooses on.
    let last = heldOut.suffix(forTeacher).sorted()
    let coverage = try coverage(
      of: (rows + last).map { (all[$0], sources[$0]) } + zip(more.examples, more.sources).map { ($0, $1) },
      definition)
    let missing = coverage?.unanswered ?? []
    let chosen = last.enumerated().filter { !missing.contains(rows.count + $0.offset) }.map(\.element)
    let unlabelled = more.examples.enumerated().filter { !missing.contains(rows.count + last.count + $0.offset) }
      .map(\.element)
    rows = rows.enumerated().filter { !missing.contains($0.offset) }.map(\.element)
    if let weights = task.classWeights, let names = definition.kind.labels {
      let weights = try weights.weights(
        names, spellings: definition.spellings, of: rows.compactMap { all[$0].target?.label })
      for row in all.indices { all[row].weight = all[row].target?.label.map { weights[$0] } ?? 1 }
    }
    func examples(_ rows: some Sequence<Int>) -> [Example] { rows.sorted().map { all[$0] } }
    let validation = try task.validation?.files().flatMap { try definition.read($0).examples }
    let (training, epochs) = (examples(rows), examples(heldOut.prefix(forEpochs)))
    let choices = examples(heldOut.dropFirst(forEpochs).dropLast(forTeacher))
    let selection = keepsBestEpoch ? (heldOut.isEmpty ? validation : epochs) : nil

    var provenanceOfTeacher = Provenance([
      "task.kind": "\(definition.kind)", "task.max_length": "\(task.maximumLength)",
      "texts.training": Self.digest(of: training), "texts.selection": Self.digest(of: selection ?? []),
    ])
    if let weights = task.classWeights { provenanceOfTeacher["task.class_weights"] = weights.yaml.flow }
    if !chosen.isEmpty { provenanceOfTeacher["texts.teacher"] = Self.digest(of: examples(chosen)) }
    var provenance = provenanceOfTeacher
    provenance["texts.choices"] = Self.digest(of: choices)
    provenance["texts.validation"] = Self.digest(of: validation ?? [])
    provenance["texts.unlabelled"] = Self.digest(of: unlabelled)
    return TaskTexts(
      task: definition, training: training, trainingRows: rows, trainingSources: rows.map { sources[$0] },
      heldOutForEpochs: epochs, heldOutForChoices: choices, heldOutForTeacher: examples(chosen), coverage: coverage,
      validation: validation, unlabelled: unlabelled, selection: selection, teacherProvenance: provenanceOfTeacher,
      provenance: provenance)
  }

  /// Returns the number of examples in the training file that are held out: at least one for each purpose.
  func heldOutCount(among examples: Int) -> Int {
    let purposes = (keepsBestEpoch ? 2 : 1) + (teacher?.choosesOnHeldOut == true ? keepsBestEpoch ? 2 : 1 : 0)
    return task.holdOut > 0 ? max(purposes, Int((Float(examples) * task.holdOut).rounded())) : 0
  }

  private static func digest(of examples: [Example]) -> String {
    var checksum = Checksum()
    for example in examples {
      for part in [example.text, example.pair ?? "", "\(example.target as Target?)"] {
        checksum.update("\(part.utf8.count) \(part)".utf8)
      }
    }
    return checksum.hexDigest
  }
}

extension EncodedDataset {
  /// Encodes examples with a tokenizer.
  ///
  /// - Parameters:
  ///   - examples: The texts and their targets.
  ///   - tokenizer: The tokenizer.
  ///   - maximumLength: The largest number of tokens in a sequence. Longer texts are truncated.
  public init(_ examples: [Example], with tokenizer: any Tokenizer, maximumLength: Int) {
    self.init(
      sequences: Dataset(examples).encoded(with: tokenizer, maxLength: maximumLength), targets: examples.map(\.target),
      weights: examples.map(\.weight), texts: examples.map(PlainText.init))
  }
}
