import DistillCore
import DistillTraining
import Foundation

extension FinishedRun {
  /// Writes the student as a folder that other programs read, with a page about it, `README.md`, and the labels, `task.json`.
  ///
  /// The knowledge base is not part of it. The folder appears as a whole or not at all.
  ///
  /// - Parameters:
  ///   - url: The folder. It must not exist, or be empty.
  ///   - format: What the folder is for.
  ///   - details: What the page says beside what the run knows.
  /// - Throws: ``RunError`` if there is something at the path already, `ContractError` if the student cannot be written in this format,
  ///   and `FormatError` if it is too large for a file of the format, or if the files cannot be written.
  public func export(to url: URL, format: ExportFormat, details: ExportDetails = ExportDetails()) throws {
    if try RunFolder.names(inWritable: url).isEmpty == false { throw RunError.occupied(url.path) }
    let encoder = (student as? any Teacher)?.innermost ?? student
    guard let encoder = encoder as? any ExportableEncoder else {
      throw ContractError(
        "a student of the architecture \(student.card.architecture) cannot be exported: its plugin does not implement ExportableEncoder"
      )
    }
    let length = min(options.task.maximumLength, encoder.card.maximumLength)
    let definition = try options.task.definition()
    let page = ExportPage(
      run: self, encoder: encoder, task: definition, maximumLength: length, format: format, details: details,
      report: try Report(folder))
    try FileSystem.makeFolder(url.deletingLastPathComponent())
    try AtomicFolder.write(to: url) { folder in
      try encoder.write(to: folder, for: format, maximumLength: length)
      if format == .onnx {
        try ONNXFile(encoder, task: definition.kind).write(to: folder.appending(path: "model.onnx"))
      }
      let description = ExportedTask(
        definition, threshold: record.thresholds?[Evaluation.studentRow], maximumLength: length)
      try AtomicFile.write(JSONEncoder.pretty.encode(description), to: folder.appending(path: "task.json"))
      try AtomicFile.write(Data(page.text.utf8), to: folder.appending(path: "README.md"))
    }
  }
}

/// The contents of `task.json` in an exported folder.
private struct ExportedTask: Encodable {
  let kind: String
  /// The labels in the order of the logits. `nil` for a regression.
  let labels: [String]?
  /// The probability from which on a label applies, where several can. `nil` for other tasks.
  let threshold: Float?
  let hasPairs: Bool
  let maxLength: Int

  init(_ task: TaskDefinition, threshold: Float?, maximumLength: Int) {
    kind =
      switch task.kind {
      case .classification: "classification"
      case .multilabel: "multilabel"
      case .regression: "regression"
      }
    labels = task.kind.labels
    self.threshold = task.kind.isMultilabel ? threshold ?? 0.5 : nil
    (hasPairs, maxLength) = (task.hasPairs, maximumLength)
  }
}

extension ONNXFile {
  /// Creates the file of an encoder, whose outputs are `logits`, `probabilities` unless the task is a regression, and `embedding`.
  ///
  /// - Parameters:
  ///   - encoder: The encoder.
  ///   - task: The task, which tells what the probabilities are.
  /// - Throws: `ContractError` if the encoder cannot be expressed by a graph.
  package init(_ encoder: any ExportableEncoder, task: TaskKind) throws {
    var graph = ModelGraph()
    let (embedding, logits) = try encoder.addNodes(to: &graph)
    var outputs: [(value: ModelGraph.Value, columns: Int)] = []
    func add(_ name: String, _ value: ModelGraph.Value, _ columns: Int) {
      outputs.append((graph.renamed(value, name), columns))
    }
    add("logits", logits, encoder.card.outputs)
    switch task {
    case .classification:
      add("probabilities", graph.node("Softmax", [logits], ["axis": .integer(-1)]), encoder.card.outputs)
    case .multilabel: add("probabilities", graph.node("Sigmoid", [logits]), encoder.card.outputs)
    case .regression: break
    }
    add("embedding", embedding, encoder.card.embeddingWidth)
    self.init(graph: graph, outputs: outputs)
  }
}
