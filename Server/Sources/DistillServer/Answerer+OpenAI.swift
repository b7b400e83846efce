import Foundation
import Hummingbird

/// The routes of OpenAI's interface that embed texts.
extension Answerer {
  /// Answers `POST /v1/embeddings`.
  ///
  /// - Parameter isNamed: Whether the path has the name of the run, so that `model` need not have it.
  func openAIEmbeddings(_ request: OpenAIRequest, _ place: RunPlace, isNamed: Bool) async throws -> Response {
    let run = try isNamed ? place.current : self.place(request.model).current
    let width = run.finished.student.card.embeddingWidth
    if let dimensions = request.dimensions, dimensions != width {
      throw APIError(
        .badRequest, "dimensions is \(dimensions); the embeddings of \(run.name) have \(width), and cannot be shortened"
      )
    }
    let (vectors, tokens) = try await vectors(request.texts, run)
    let data = vectors.enumerated().map { index, vector in
      let vector = Self.normalised(vector)
      return Embedding(
        index: index, embedding: request.encoding == .float ? .floats(vector) : .base64(Self.base64(vector)))
    }
    return try .json(
      Embeddings(data: data, model: run.name, usage: Embeddings.Usage(promptTokens: tokens, totalTokens: tokens)))
  }

  /// Returns the bytes of numbers in little-endian order.
  private static func base64(_ vector: [Float]) -> String {
    Data(vector.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> ($0 * 8)) } })
      .base64EncodedString()
  }

  private struct Embedding: Encodable {
    enum Value: Encodable {
      case floats([Float])
      case base64(String)
      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .floats(let vector): try container.encode(vector)
        case .base64(let text): try container.encode(text)
        }
      }
    }
    let object = "embedding"
    let index: Int
    let embedding: Value
  }

  private struct Embeddings: Encodable {
    struct Usage: Encodable {
      let promptTokens, totalTokens: Int
      enum CodingKeys: String, CodingKey { case promptTokens = "prompt_tokens", totalTokens = "total_tokens" }
    }
    let object = "list"
    let data: [Embedding]
    let model: String
    let usage: Usage
  }

  func openAIModels() throws -> Response {
    struct Model: Encodable {
      let id: String
      let object = "model"
      let created: Int
      let ownedBy = "swift-distill"
      enum CodingKeys: String, CodingKey { case id, object, created, ownedBy = "owned_by" }
    }
    struct Models: Encodable {
      let object = "list"
      let data: [Model]
    }
    return try .json(
      Models(data: runs.map { Model(id: $0.name, created: Int($0.current.time.timeIntervalSince1970)) }))
  }
}
