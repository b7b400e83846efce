import DistillAttentionKL
import DistillBERT
import DistillCLSCosine
import DistillCore
import DistillCrossEntropy
import DistillEnsembleTeacher
import DistillExactSearch
import DistillHNSW
import DistillLayerSchedules
import DistillPipeline
import DistillRecordedTeacher
import DistillRelationalKL
import DistillSupervisedContrastiveHead
import DistillTraining
import Foundation

/// A term on every pair of layers, as somebody else's plugin would be.
struct HiddenDistance: LossTerm {
  static let name = "hidden-distance"
  static let summary = "Squared distance of the [CLS] states."
  init() {}
  mutating func options(_ visit: inout OptionVisitor) {}
  var scope: LossScope { .layer }

  func reads(_: ModelPair, at layers: LayerPair?) throws -> Reads {
    guard let layers else { return Reads() }
    return Reads(teacher: [.classToken(layer: layers.teacher)], student: [.classToken(layer: layers.student)])
  }

  func loss(_ inputs: LossInputs) throws -> Tensor {
    guard let layers = inputs.layers else { throw ContractError("needs a pair of layers") }
    return meanSquaredError(
      try inputs.student[.classToken(layer: layers.student)], try inputs.teacher[.classToken(layer: layers.teacher)])
  }
}

func registry() throws -> PluginRegistry {
  try PluginRegistry(
    [
      CompiledPlugin(kind: "teacher", name: BERTTeacher.name, type: BERTTeacher.self),
      CompiledPlugin(kind: "teacher", name: SupervisedContrastiveHead.name, type: SupervisedContrastiveHead.self),
      CompiledPlugin(kind: "teacher", name: Recorded.name, type: Recorded.self),
      CompiledPlugin(kind: "teacher", name: Ensemble.name, type: Ensemble.self),
      CompiledPlugin(kind: "student", name: BERTStudent.name, type: BERTStudent.self),
      CompiledPlugin(kind: "loss", name: HardCrossEntropy.name, type: HardCrossEntropy.self),
      CompiledPlugin(kind: "loss", name: SoftCrossEntropy.name, type: SoftCrossEntropy.self),
      CompiledPlugin(kind: "loss", name: RelationalKL.name, type: RelationalKL.self),
      CompiledPlugin(kind: "loss", name: AttentionKL.name, type: AttentionKL.self),
      CompiledPlugin(kind: "loss", name: CLSCosine.name, type: CLSCosine.self),
      CompiledPlugin(kind: "loss", name: HiddenDistance.name, type: HiddenDistance.self),
      CompiledPlugin(kind: "scheduler", name: Simultaneous.name, type: Simultaneous.self),
      CompiledPlugin(kind: "scheduler", name: Progressive.name, type: Progressive.self),
      CompiledPlugin(kind: "scheduler", name: EmbeddingsFirst.name, type: EmbeddingsFirst.self),
      CompiledPlugin(kind: "scheduler", name: Stacked.name, type: Stacked.self),
      CompiledPlugin(kind: "retriever", name: ExactSearch.name, type: ExactSearch.self),
      CompiledPlugin(kind: "retriever", name: HNSW.name, type: HNSW.self),
    ], kinds: PluginKind.pipeline)
}

extension Workbench {
  /// The pipeline of a text, every occurrence of `old` in it replaced.
  func pipeline(
    _ text: String = Workbench.pipeline, replacing changes: [(old: String, new: String)] = [],
    set overrides: [(path: String, value: String)] = []
  ) throws -> Pipeline {
    let text = changes.reduce(text) { $0.replacing($1.old, with: $1.new) }
    try write(text, to: "changed.yaml")
    return try Pipeline(file: path("changed.yaml"), overrides: overrides, registry: try registry())
  }

  /// Runs a pipeline on one thread, into `runs/NAME`.
  @discardableResult
  func run(
    _ pipeline: Pipeline, into name: String, resumes: Bool = false, stop: StopRequest = StopRequest(),
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> Report {
    try Compute.$threads.withValue(1) {
      try PipelineRun(
        pipeline, output: url.appending(path: "runs/\(name)"), resumes: resumes, stop: stop, observe: observe
      ).run()
    }
  }

  func finished(_ name: String) throws -> FinishedRun {
    try FinishedRun(url.appending(path: "runs/\(name)"), registry: try registry())
  }

  func student(_ name: String) throws -> Data { try data("runs/\(name)/student/model.safetensors") }
}

extension KnowledgeBase {
  /// Writes the file of a knowledge base from before it could be changed.
  func writeAsOneFile(to folder: URL) throws {
    var writer = SafetensorsWriter()
    writer.add("embeddings", shape: [embeddings.rows, embeddings.columns]) { embeddings.values }
    writer.add("soft_labels", shape: [softLabels.rows, softLabels.columns]) { softLabels.values }
    writer.add("rows", shape: [rows.count]) { rows.map(Int64.init) }
    try writer.write(to: folder.appending(path: "knowledge.safetensors"))
  }
}
