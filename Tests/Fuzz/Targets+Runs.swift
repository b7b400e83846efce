import DistillCore
import DistillHNSW
import DistillKnowledge
import DistillPipeline
import DistillYAML
import Foundation

extension Bench {
  /// What a run writes and reads again.
  func runs() throws -> [Target] {
    let finished = try FinishedRun(url.appending(path: "runs/tiny"), registry: registry)
    guard let knowledge = finished.augmentation?.knowledge else { throw FuzzError("the run has no knowledge base") }
    let queries = Matrix(
      rows: 2, columns: knowledge.embeddings.columns,
      values: Array(knowledge.embeddings.values.prefix(2 * knowledge.embeddings.columns)))
    let texts = [Example(text: "the film was good", line: 1), Example(text: "", line: 2)]
    // A run is gone on with only where its inputs lie where they lay.
    let tiny = try Pipeline(file: corpus.url.appending(path: "pipeline.yaml").path, registry: registry)
    let plain = try Pipeline(file: corpus.url.appending(path: "plain.yaml").path, registry: registry)
    // The older one is not read while this one is whole.
    let newestCheckpoint = try members("runs/plain/checkpoints").suffix(1)
    return [
      try Target(
        "knowledge-base", weight: 50,
        members("runs/tiny/knowledge-base") { $0.contains("segments") || $0.hasSuffix("manifest.json") },
        words: "base segment number width changes null -1 0 1e39"
      ) {
        member, bytes in
        try trying(member, bytes) { _ in
          let state = try KnowledgeLog(url.appending(path: "runs/tiny/knowledge-base")).snapshot()
          _ = state.newLabels(beside: finished.task.kind)
        }
      },
      try Target("hnsw", weight: 50, members("runs/tiny/knowledge-base") { $0.hasSuffix("hnsw.safetensors") }) {
        member, bytes in
        try trying(member, bytes) { file in
          let index = try HNSWIndex(from: file.deletingLastPathComponent(), vectors: knowledge.embeddings)
          _ = try index.search(queries, neighbours: 3)
        }
      },
      try Target(
        "run.json", weight: 40, members(["runs/tiny/run.json"]),
        words: "format is_complete mixing seconds null true -1 {} []"
      ) {
        member, bytes in
        try trying(member, bytes) { _ = try RunRecord($0) }
      },
      // Half of them of run.json: no checksum guards its numbers.
      try Target(
        "run-folder", weight: 5,
        members("runs/tiny") { !$0.hasSuffix("metrics.jsonl") && !$0.contains("report") }
          + repeatElement(members(["runs/tiny/run.json"]), count: 20).flatMap(\.self),
        words: "mixing neighbours beta temperature is_complete null -1 0 1e39"
      ) { member, bytes in
        try trying(member, bytes) { _ in
          let run = try FinishedRun(url.appending(path: "runs/tiny"), registry: registry)
          for prediction in try run.predict(texts) {
            _ = try JSONEncoder().encode(prediction.shown(neighbours: 3, scores: true))
          }
          _ = try run.evaluate().text
        }
      },
      try Target("inputs", weight: 24, members(["tasks/inputs.txt", "tasks/inputs.tsv"]), words: "text mood \t") {
        _, bytes in
        let examples = try finished.task.readUnlabelled(bytes, named: "standard input").examples
        let encoder = JSONEncoder()
        for prediction in try finished.predict(Array(examples.prefix(20))) {
          _ = try encoder.encode(prediction.shown(neighbours: 3, scores: true))
        }
      },
      try resuming("checkpoint", weight: 6, plain, newestCheckpoint),
      try resuming("resume", weight: 3, plain, members("runs/plain") { !$0.contains("checkpoints") }),
      try Target(
        "shared", weight: 2, members("runs/prepared-teachers") + members("runs/teacher-answers"),
        words: "fingerprint embedding.0 logits.0"
      ) { member, bytes in
        try? FileManager.default.removeItem(at: url.appending(path: "runs/other"))
        try trying(member, bytes, renewing: ["runs/prepared-teachers", "runs/teacher-answers"]) {
          try run(tiny, "runs/other", resumes: false, untilPhase: "student")
        }
      },
    ]
  }

  private func resuming(_ name: String, weight: Int, _ pipeline: Pipeline, _ members: some Sequence<Member>) throws
    -> Target
  {
    try Target(
      name, weight: weight, Array(members), words: "phase step student checksum values.0 isFinished bestEpoch -1 \""
    ) {
      member, bytes in
      try trying(member, bytes, renewing: ["runs/plain"]) {
        try run(pipeline, "runs/plain", resumes: true, untilPhase: "student")
      }
    }
  }
}
