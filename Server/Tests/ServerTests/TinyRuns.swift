import DistillCore
import DistillPipeline
import DistillServer
import Foundation

/// Runs that were trained for a moment: `intents` with a knowledge base, and `pairs`, a regression on pairs of texts without one.
enum TinyRuns {
  private static let plugins = Result { try PluginRegistry(CompiledPlugins.all, kinds: PluginKind.pipeline) }
  static var registry: PluginRegistry { get throws { try plugins.get() } }
  private static let made = Result { try make() }

  /// Returns a folder of its own with copies of both runs.
  static func copy() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "distill-server-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: try made.get(), to: folder)
    return folder
  }

  private static func make() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "distill-server-runs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let teacher = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Tests/BERTTests/Fixtures/teacher").standardizedFileURL.path
    let words = ["cancel": "cancel stop end", "refund": "refund money back", "track": "track where parcel"]
    var (texts, pairs) = ("text\tintent\n", "text\tpair\tscore\n")
    for row in 0..<30 {
      for (label, keywords) in words.sorted(by: { $0.key < $1.key }) {
        let word = keywords.split(separator: " ")[row % 3]
        texts += "please \(word) my order number \(row)\t\(label)\n"
        pairs += "\(word) number \(row)\tmy \(word)\t\(row % 5)\n"
      }
    }
    try Data(texts.utf8).write(to: folder.appending(path: "texts.tsv"))
    try Data(pairs.utf8).write(to: folder.appending(path: "pairs.tsv"))
    let encoders = """
      teacher: {use: bert, checkpoint: \(teacher), pooler: fresh, classifier: fresh, fine_tune: {epochs: 1}}
      student: {use: bert, from_teacher_layers: [1, 2]}
      training: {epochs: 1, batch_size: 16}

      """
    try run(
      """
      version: 1
      name: tiny intents
      task: {use: tsv, train: texts.tsv, label: intent, max_length: 16, hold_out: 0.2}
      losses: [{use: soft-cross-entropy}]
      knowledge_base: {retriever: {use: exact}, neighbours: 4}
      output: intents
      \(encoders)
      """, "intents", in: folder)
    try run(
      """
      version: 1
      name: tiny pairs
      task: {use: tsv, train: pairs.tsv, score: score, pair: pair, max_length: 16, hold_out: 0.2}
      losses: [{use: hard-cross-entropy}]
      output: pairs
      \(encoders)
      """, "pairs", in: folder)
    return folder
  }

  private static func run(_ pipeline: String, _ name: String, in folder: URL) throws {
    let file = folder.appending(path: "\(name).yaml")
    try Data(pipeline.utf8).write(to: file)
    _ = try PipelineRun(Pipeline(file: file.path, registry: registry)).run()
  }
}
