import DistillBERT
import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import Testing

/// The spaces that a knowledge base can be searched in.
struct SpaceTests {
  private func changes(_ knowledgeBase: String) -> [(old: String, new: String)] {
    [
      (
        "{retriever: {use: exact}, space: teacher, labels: soft, neighbours: 4, beta: 0.5, temperature: 0.1}",
        knowledgeBase
      )
    ]
  }

  /// Keys and queries are both the student's, so that a training text finds itself.
  private func expectTextsFindThemselves(_ run: FinishedRun, _ bench: Workbench) throws {
    let texts = try run.task.read(bench.url.appending(path: "train.tsv")).examples
    let knowledge = try #require(run.augmentation).knowledge
    for (example, prediction) in zip(texts, try run.predict(texts)) {
      let nearest = try #require(prediction.neighbours?.first)
      #expect(abs(nearest.similarity - 1) < 1e-5)
      // Another text with the same tokens may have been first.
      let label = try #require(nearest.scores.max { $0.value < $1.value }?.key)
      guard case .label(let known)? = example.target else { continue }
      #expect(label == Workbench.labels[known] || nearest.scores[label] ?? 1 < 1)
    }
    #expect(knowledge.softLabels.values.allSatisfy { $0 >= 0 && $0 <= 1 })
  }

  @Test func theBaseIsMetByAMapOfTheStudentsStates() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: changes("{retriever: {use: exact}, space: base, neighbours: 4}"))
    let report = try bench.run(pipeline, into: "tiny")
    let run = try bench.finished("tiny")
    let knowledge = try #require(run.augmentation).knowledge
    #expect(knowledge.embeddings.columns == 16 && report.rows.contains { $0.name == "student + knowledge base" })
    try expectTextsFindThemselves(run, bench)

    // The keys once more, with features and targets that are read one text at a time: they are those of the strength whose
    // map comes nearest to the base on every fifth text.
    let texts = try run.task.read(bench.url.appending(path: "train.tsv")).examples
    let base = try BERTEncoder(bench.url.appending(path: "teacher"), readout: .mean)
    func means(_ encoder: any TextEncoder, layer: Int) throws -> Matrix {
      Matrix(
        concatenatedRows(
          try texts.map { text in
            let data = EncodedDataset([text], with: encoder.tokenizer, maximumLength: 16)
            return try encoder.respond(to: data.batch([0]), with: [.hidden(layer: layer)])[.hidden(layer: layer)]
              .mean(axis: 0, keepingAxis: true)
          }))
    }
    let x = try means(run.student, layer: 1)
    let y = Matrix(try means(base, layer: 3).tensor.l2Normalised())
    let (kept, left) = (texts.indices.filter { $0 % 5 != 4 }, texts.indices.filter { $0 % 5 == 4 })
    let problem = try RidgeProblem(x.gathered(kept), y.gathered(kept))
    let strengths = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10]
    let cosines = try strengths.map { strength in
      cosineSimilarity(
        try problem.solve(strength: strength)(x.gathered(left)).tensor, y.gathered(left).tensor
      ).mean().scalar
    }
    let best = strengths[cosines.indices.reduce(0) { cosines[$1] > cosines[$0] ? $1 : $0 }]
    let keys = Matrix(try RidgeProblem(x, y).solve(strength: best)(x).tensor.l2Normalised())
    for (node, row) in knowledge.rows.enumerated() {
      #expect(zip(knowledge.embeddings.row(node), keys.row(row)).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    let file = "runs/tiny/knowledge-base/map/state-map.safetensors"
    try FileManager.default.removeItem(atPath: bench.path(file))
    #expect(throws: FormatError.self) { try bench.finished("tiny") }
    #expect(
      try FinishedRun(bench.url.appending(path: "runs/tiny"), registry: registry(), retrieval: false).augmentation
        == nil)
  }

  @Test(arguments: ["student", "both"]) func otherSpacesOfTheStudent(_ space: String) throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: changes("{retriever: {use: exact}, space: \(space), neighbours: 4}"))
    try bench.run(pipeline, into: "tiny")
    let run = try bench.finished("tiny")
    #expect(run.augmentation?.knowledge.embeddings.columns == (space == "both" ? 32 : 16))
    try expectTextsFindThemselves(run, bench)
  }

  @Test func aKnowledgeBaseNeedsNoTeacher() throws {
    let bench = try Workbench()
    let pipeline = """
      version: 1
      name: alone
      task: {use: tsv, train: train.tsv, validation: validation.tsv, label: intent, max_length: 16}
      student: {use: bert, checkpoint: teacher, classifier: regression}
      losses: [{use: hard-cross-entropy}]
      knowledge_base: {retriever: {use: exact}, neighbours: 4}
      training: {epochs: 1, batch_size: 8, learning_rate: 0.003}
      output: runs/alone

      """
    try bench.run(try bench.pipeline(pipeline), into: "alone")
    try expectTextsFindThemselves(try bench.finished("alone"), bench)
  }
}
