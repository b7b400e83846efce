import DistillCore
import DistillPipeline
import DistillTraining
import Foundation

/// Whole files of every format, in a folder: a tiny teacher, texts, a finished run, one that was stopped, tokenizers.
struct Corpus {
  let url: URL
  private static let manager = FileManager.default

  /// The folder of a corpus that was made.
  init(_ url: URL) { self.url = url }

  func bytes(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: url.appending(path: path))) }

  /// Files below a folder, in the order of their names.
  func files(_ folder: String, where isWanted: (String) -> Bool = { _ in true }) throws -> [String] {
    let root = url.appending(path: folder).path
    var isFolder: ObjCBool = false
    return try Self.manager.subpathsOfDirectory(atPath: root).sorted().map { "\(folder)/\($0)" }.filter {
      Self.manager.fileExists(atPath: url.appending(path: $0).path, isDirectory: &isFolder) && !isFolder.boolValue
        && isWanted($0)
    }
  }

  /// Makes a corpus out of the repository's fixtures and examples.
  static func make(_ url: URL, repository: URL, registry: PluginRegistry) throws -> Corpus {
    let corpus = Corpus(url)
    try manager.createDirectory(at: url, withIntermediateDirectories: true)
    func copy(_ path: String, to name: String) throws {
      let target = url.appending(path: name)
      try manager.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try manager.copyItem(at: repository.appending(path: path), to: target)
    }
    try copy("Tests/BERTTests/Fixtures/teacher", to: "teacher")
    for name in ["small", "small-json", "added-json"] {
      try copy("Tests/TextTests/Fixtures/\(name)", to: "tokenizers/\(name)")
    }
    for name in ["roberta", "xlmr", "t5", "mpnet", "fallback", "marked", "whole_words"] {
      try copy("Tests/TextTests/Fixtures/tokenizers/\(name)", to: "tokenizers/\(name)")
    }
    for path in ["LossTests/Fixtures/losses", "BERTTests/Fixtures/minilm"] {
      try copy("Tests/\(path).safetensors", to: "safetensors/\(path.replacing("/", with: "-")).safetensors")
    }
    try copy("Examples", to: "examples")
    try corpus.writeTexts()
    try corpus.writePipelines()
    try corpus.run(registry)
    try corpus.forgetChecksums()
    try corpus.forgetTheClock()
    return corpus
  }

  private func write(_ text: String, to name: String) throws {
    let file = url.appending(path: name)
    try Self.manager.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  private func writeTexts() throws {
    let (moods, words) = (["negative", "neutral", "positive"], ["bad", "long", "good"])
    func rows(_ count: Int, _ row: (Int) -> String) -> String { (0..<count).map(row).joined(separator: "\n") + "\n" }
    func text(_ row: Int) -> String { "the \(["film", "book", "play"][row % 3]) was \(words[row / 2 % 3]) \(row)" }
    for (name, count) in [("train", 24), ("validation", 9)] {
      try write("text\tmood\n" + rows(count) { "\(text($0))\t\(moods[$0 / 2 % 3])" }, to: "\(name).tsv")
    }
    try write(
      rows(12) {
        "{\"text\": \"\(text($0)) \\u00e9\\n\", \"label\": \"\(moods[$0 % 3])\", \"other\": [1, {\"a\": null}]}"
      },
      to: "tasks/rows.jsonl")
    try write(rows(12) { "{\"a\": \"\(text($0))\", \"b\": \"b\", \"score\": \($0).5e-1}" }, to: "tasks/pairs.jsonl")
    try write(
      "text,label,notes\n" + rows(12) { "\"\(text($0)), \"\"\(text($0))\n\",\(moods[$0 % 3]),\n" }, to: "tasks/rows.csv"
    )
    try write(
      rows(12) { #"{"messages": [{"text": "\#(text($0))"}], "meta": {"label": "\#(moods[$0 % 3])"}}"# },
      to: "tasks/nested.jsonl")
    try write("text\tlabel\tnotes\n" + rows(12) { "\(text($0))\t\(moods[$0 % 3])\t\"" }, to: "tasks/rows.tsv")
    try write("a\tb\tscore\n" + rows(12) { "\(text($0))\t\(text($0 + 1))\t\(Double($0) / 3)" }, to: "tasks/pairs.tsv")
    try write(
      "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n" + rows(9) { "\($0 % 2)\t1\t2\t\(text($0))\t\(text($0 + 1))" },
      to: "tasks/mrpc.tsv")
    try write(rows(9) { "gj04\t\($0 % 2)\t*\t\(text($0))" }, to: "tasks/cola.tsv")
    try write(
      "index\tquestion\tsentence\tlabel\n" + rows(9) { "\($0)\t\(text($0))\ta\tentailment" }, to: "tasks/qnli.tsv")
    try write("sentence1\tsentence2\tscore\n" + rows(9) { "\(text($0))\ta\t\($0 % 6).0" }, to: "tasks/sts-b.tsv")
    let answers = [
      #""label": "neutral", "confidence": 0.5"#, #""probabilities": {"negative": 0.25, "neutral": 0.5}"#,
      #""probabilities": [0.5, 0.25, 0.25]"#, #""logprobs": {"neutral": -0.1, "positive": -3}"#,
      #""logits": [1, -2.5, 1e-3]"#, #""label": "positive""#,
    ]
    try write(
      rows(12) { #"{"text": "\#(text($0))", \#(answers[$0 / 2]), "embedding": [\#($0), -0.5]}"# },
      to: "tasks/answers.jsonl")
    try write(rows(4) { #"{"text": "\#(text($0))", "labels": ["neutral", "positive"]}"# }, to: "tasks/several.jsonl")
    try write(rows(4) { #"{"text": "\#(text($0))", "pair": "b", "score": \#($0).5}"# }, to: "tasks/scores.jsonl")
    try write(rows(6, text) + "good\tbad\n", to: "tasks/inputs.txt")
    try write("text\tmood\n" + rows(6) { "\(text($0))\tneutral" }, to: "tasks/inputs.tsv")
  }

  private func writePipelines() throws {
    try write(
      """
      version: 1
      name: tiny
      task: {use: tsv, train: train.tsv, validation: validation.tsv, label: mood, max_length: 16, hold_out: 0.2}
      teacher:
        use: supervised-contrastive-head
        fit: {epochs: 1, batch_size: 16}
        base: {use: bert, checkpoint: teacher, fine_tune: {epochs: 1, batch_size: 16}}
      student: {use: bert, from_teacher_layers: [2, 4]}
      losses:
        - {use: soft-cross-entropy}
        - {use: relational-kl, weight: 0.5}
        - {use: attention-kl, weight: 0.5}
      knowledge_base: {retriever: {use: hnsw, m: 4, ef_construction: 16}, neighbours: 4, beta: 0.5, temperature: 0.1}
      schedule: {use: simultaneous}
      training: {epochs: 1, batch_size: 16, seed: 42}
      output: runs/tiny

      """, to: "pipeline.yaml")
    try write(
      """
      version: 1
      name: plain
      task: {use: tsv, train: train.tsv, validation: validation.tsv, label: mood, max_length: 16}
      student: {use: bert, checkpoint: teacher, layers: [1], classifier: fresh}
      losses: [{use: hard-cross-entropy}]
      training: {epochs: 3, batch_size: 8}
      output: runs/plain

      """, to: "plain.yaml")
    try write(
      """
      # anchors, merges, blocks, references, and other files
      extends: pipeline.yaml
      name: &name "a \\"name\\" \\u00e9 ${NAME} $${x}"
      losses:
      - &loss {use: relational-kl, weight: 1e-1, temperature: .5}
      - {<<: *loss, weight: 0x10}
      - use: cls-cosine
        form: squared
      - {use: pkd, weight: !!float 1}
      layer_map: [[1, 2], [2, 4]]
      schedule: {use: stacked, cosine_threshold: 0.02, epochs_per_layer: 2, classify: at-the-top}
      knowledge_base:
        retriever: {use: exact}
        choose: {neighbours: [1, 2], beta: [0.25, 0.5], temperature: [0.1]}
      output: >-
        runs/
        ${NAME:-folded}

      """, to: "everything.yaml")
  }

  /// A run to its end, and one that is stopped when it has checkpoints.
  private func run(_ registry: PluginRegistry) throws {
    let pipeline = try Pipeline(file: url.appending(path: "pipeline.yaml").path, registry: registry)
    _ = try PipelineRun(pipeline).run()
    let stop = StopRequest()
    let plain = try Pipeline(file: url.appending(path: "plain.yaml").path, registry: registry)
    do {
      _ = try PipelineRun(plain, stop: stop) { if case .epoch = $0 { stop.stop(signal: 15) } }.run()
      throw FuzzError("the run went to its end though it was asked to stop")
    } catch is TrainingError {}
  }

  /// Has the finished run be one of the version before checksums, which is read still: so mutants of its files meet the code
  /// behind the checksums.
  private func forgetChecksums() throws {
    let record = try RunRecord(url.appending(path: "runs/tiny/run.json"))
    let mixing = record.mixing ?? Mixing()
    try write(
      """
      {"format": 1, "name": "tiny", "fingerprint": "", "seed": \(record.seed), "threads": 1, "is_complete": true,
       "layer_map": \(record.layerMap), "seconds": {},
       "mixing": {"neighbours": \(mixing.neighbours), "beta": \(mixing.beta), "temperature": \(mixing.temperature)}}
      """, to: "runs/tiny/run.json")
  }

  /// Takes out of the runs what differs from one fuzzer to the next, so that the same seed gives the same mutants.
  private func forgetTheClock() throws {
    for path in try files("runs") where path.hasSuffix(".json") || path.hasSuffix(".jsonl") || path.hasSuffix(".yaml") {
      guard path.split(separator: "/").count == 3 else { continue }
      let text = String(decoding: try bytes(path), as: UTF8.self)
        .replacing(url.path, with: "../..")
        .replacing(/("(?:seconds|teacher|student|knowledge_base|evaluation|peak_memory|speed)" ?: ?)[0-9.e-]+/) {
          "\($0.1)1"
        }
      try write(text, to: path)
    }
  }
}
