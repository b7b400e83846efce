import DistillCore
import DistillPipeline
import Foundation
import Hummingbird

/// Our own routes, and those of Hugging Face's text-embeddings-inference.
extension Answerer {
  func predict(_ request: PredictRequest, _ place: RunPlace) async throws -> Response {
    let run = place.current
    let predictions = try await predictions(request.texts, run)
    switch request.form {
    case .own(let neighbours, let scores, let top):
      return try .json(
        AnswersBody(
          run: run.name, version: run.version,
          answers: predictions.map { $0.shown(neighbours: neighbours, scores: scores, top: top) }))
    case .ranked(let isSingle):
      let ranked = predictions.map(Self.ranked)
      if isSingle, let first = ranked.first { return try .json(first) }
      return try .json(ranked)
    }
  }

  private struct AnswersBody<Answer: Encodable>: Encodable {
    let run: String
    let version: Int
    let answers: [Answer]
  }

  private struct Ranked: Encodable {
    let label: String
    let score: Float
  }

  private static func ranked(_ prediction: Prediction) -> [Ranked] {
    if prediction.label == nil { return [Ranked(label: "score", score: prediction.score)] }
    return prediction.best(.max).map { Ranked(label: $0.label, score: $0.score) }
  }

  func embed(_ request: EmbedRequest, _ place: RunPlace) async throws -> Response {
    let run = place.current
    let vectors = try await vectors(request.texts, run).vectors.map { request.normalises ? Self.normalised($0) : $0 }
    if !request.isOwn { return try .json(vectors) }
    return try .json(EmbeddingsBody(run: run.name, version: run.version, embeddings: vectors))
  }

  private struct EmbeddingsBody: Encodable {
    let run: String
    let version: Int
    let embeddings: [[Float]]
  }

  static func normalised(_ vector: [Float]) -> [Float] {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? vector.map { $0 / length } : vector
  }

  func info(_ place: RunPlace) throws -> Response {
    let run = place.current
    let (finished, card) = (run.finished, run.finished.student.card)
    return try .json(
      Info(
        run: run.name, version: run.version, opened: run.time.formatted(.iso8601), name: finished.name,
        task: finished.task.kind.name, labels: finished.task.kind.labels, pairs: finished.hasPairs,
        maxLength: finished.maximumLength, layers: card.layers, parameters: card.parameters,
        embeddingWidth: card.embeddingWidth, precision: finished.precision.rawValue,
        knowledge: finished.augmentation.map {
          Info.Knowledge(keys: $0.knowledge.count, canChange: options.allowsChanges)
        },
        runs: runs.map(\.name),
        limits: Info.Limits(
          body: options.maximumBody, texts: options.maximumTexts, tokens: options.maximumTokens,
          queue: options.maximumQueue, seconds: options.timeout),
        software: "swift-distill \(SwiftDistill.version)"))
  }

  private struct Info: Encodable {
    struct Knowledge: Encodable {
      let keys: Int
      let canChange: Bool
      enum CodingKeys: String, CodingKey { case keys, canChange = "can_change" }
    }
    struct Limits: Encodable {
      let body, texts, tokens, queue: Int
      let seconds: Double
    }
    let run: String
    let version: Int
    let opened, name, task: String
    let labels: [String]?
    let pairs: Bool
    let maxLength, layers, parameters, embeddingWidth: Int
    let precision: String
    let knowledge: Knowledge?
    let runs: [String]
    let limits: Limits
    let software: String
    enum CodingKeys: String, CodingKey {
      case run, version, opened, name, task, labels, pairs, layers, parameters, precision, knowledge, runs, limits,
        software
      case maxLength = "max_length"
      case embeddingWidth = "embedding_width"
    }
  }
}

extension TaskKind {
  /// What the kind is called in answers.
  var name: String {
    switch self {
    case .classification: "classification"
    case .multilabel: "multilabel"
    case .regression: "regression"
    }
  }
}
