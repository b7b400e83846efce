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
  /// The files and the lines of all examples that are held out, in the order of ``heldOut``.
  let heldOutSources: [String]
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

  /// All examples that are held out.
  var heldOut: [Example] { heldOutForEpochs + heldOutForChoices + heldOutForTeacher }

  /// The number of unlabelled texts that are also texts of the validation file or held out. The student's answers to these are
  /// not those to texts that it has never seen.
  package var leakedCount: Int {
    func texts(_ examples: [Example]) -> Set<[String?]> { Set(examples.map { [$0.text, $0.pair] }) }
    let unseen = texts((validation ?? []) + heldOut)
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
    var labelled = try FileTexts(task.train.files()) { try definition.read($0) }
    var more = try FileTexts(task.unlabelled.files()) { try definition.readUnlabelled($0) }
    var rows = division(of: labelled.examples.count)
    // The teacher has to answer the texts to learn from, and those that it chooses on.
    let first = [0, rows.training.count, rows.training.count + rows.teacher.count]
    let coverage = try coverage(
      of: (rows.training + rows.teacher).map { (labelled.examples[$0], labelled.sources[$0]) }
        + zip(more.examples, more.sources).map { ($0, $1) },
      definition)
    if let coverage {
      rows.training = coverage.answered(rows.training, from: first[0])
      rows.teacher = coverage.answered(rows.teacher, from: first[1])
      more.examples = coverage.answered(more.examples, from: first[2])
    }
    if let weights = task.classWeights, let names = definition.kind.labels {
      let weights = try weights.weights(
        names, spellings: definition.spellings, of: rows.training.compactMap { labelled.examples[$0].target?.label })
      for row in labelled.examples.indices {
        labelled.examples[row].weight = labelled.examples[row].target?.label.map { weights[$0] } ?? 1
      }
    }
    func examples(_ rows: [Int]) -> [Example] { rows.map { labelled.examples[$0] } }
    let validation = try task.validation?.files().flatMap { try definition.read($0).examples }
    let (training, epochs, choices) = (examples(rows.training), examples(rows.epochs), examples(rows.choices))
    let selection = keepsBestEpoch ? (rows.isHeldOut ? epochs : validation) : nil

    var ofTeacher = Provenance([
      "task.kind": "\(definition.kind)", "task.max_length": "\(task.maximumLength)",
      "texts.training": Self.digest(of: training), "texts.selection": Self.digest(of: selection ?? []),
    ])
    if let weights = task.classWeights { ofTeacher["task.class_weights"] = weights.yaml.flow }
    if !rows.teacher.isEmpty { ofTeacher["texts.teacher"] = Self.digest(of: examples(rows.teacher)) }
    var provenance = ofTeacher
    provenance["texts.choices"] = Self.digest(of: choices)
    provenance["texts.validation"] = Self.digest(of: validation ?? [])
    provenance["texts.unlabelled"] = Self.digest(of: more.examples)
    return TaskTexts(
      task: definition, training: training, trainingRows: rows.training,
      trainingSources: rows.training.map { labelled.sources[$0] }, heldOutForEpochs: epochs, heldOutForChoices: choices,
      heldOutForTeacher: examples(rows.teacher),
      heldOutSources: (rows.epochs + rows.choices + rows.teacher).map { labelled.sources[$0] }, coverage: coverage,
      validation: validation, unlabelled: more.examples, selection: selection,
      teacherProvenance: ofTeacher, provenance: provenance)
  }

  /// Returns what each example of the training files is for. The seed decides.
  private func division(of count: Int) -> Division {
    let order = RandomKey(UInt64(seed)).child("hold-out").permutation(count)
    let heldOut = order.prefix(heldOutCount(among: count))
    let (epochs, teacher, _) = purposes(of: heldOut.count, keepsBestEpoch: keepsBestEpoch)
    return Division(
      training: order.dropFirst(heldOut.count).sorted(), epochs: heldOut.prefix(epochs).sorted(),
      choices: heldOut.dropFirst(epochs).dropLast(teacher).sorted(), teacher: heldOut.suffix(teacher).sorted())
  }

  /// Returns how many of the held-out examples choose the epoch, something of the teacher's, and what concerns the knowledge base.
  func purposes(of heldOut: Int, keepsBestEpoch: Bool) -> (epochs: Int, teacher: Int, choices: Int) {
    let epochs = keepsBestEpoch ? heldOut / 2 : 0
    let teacher = teacher?.choosesOnHeldOut == true ? (heldOut - epochs) / 2 : 0
    return (epochs, teacher, heldOut - epochs - teacher)
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

/// The rows of the training files by what they are for, each in rising order.
private struct Division {
  var training: [Int]
  let epochs, choices: [Int]
  var teacher: [Int]
  var isHeldOut: Bool { epochs.count + choices.count + teacher.count > 0 }
}

/// The texts of several files and their places, such as `train.tsv:12`.
private struct FileTexts {
  var examples: [Example] = []
  private(set) var sources: [String] = []

  init(_ files: [URL], _ read: (URL) throws -> Dataset) throws {
    for file in files {
      let own = try read(file).examples
      examples += own
      sources += own.map { "\(file.lastPathComponent):\($0.line)" }
    }
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
