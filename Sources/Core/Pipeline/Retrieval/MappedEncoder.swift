import DistillCore
import Foundation

/// A student whose embedding is a linear map of its states, fitted to the embeddings of the encoder before fine-tuning.
///
/// Fine-tuning draws all texts of a class together, so that the student's own embedding contains little more than its answer.
/// The states of its lower layers still tell texts of a class apart, and a map onto an embedding that was never fine-tuned brings
/// this out.
struct MappedEncoder: TextEncoder {
  let encoder: any TextEncoder
  let map: StateMap
  /// Whether the student's own embedding follows the mapped one. Both are scaled to length 1.
  let appendsOwn: Bool

  var card: ModelCard {
    var card = encoder.card
    card.embeddingWidth = map.map.bias.count + (appendsOwn ? encoder.card.embeddingWidth : 0)
    return card
  }
  var tokenizer: any Tokenizer { encoder.tokenizer }
  var untrained: Set<Activation> { encoder.untrained }

  func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
    guard activations.contains(.embedding) else { return try encoder.respond(to: batch, with: activations) }
    let read = map.activations.union(appendsOwn ? [.embedding] : [])
    let response = try encoder.respond(to: batch, with: activations.subtracting([.embedding]).union(read))
    let mapped = map.map(Matrix(try map.means(response, batch))).tensor
    var result = response.only(activations)
    result.set(
      .embedding,
      try appendsOwn
        ? concatenatedColumns([mapped.l2Normalised(), response[.embedding].l2Normalised()]) : mapped)
    return result
  }

  func write(to folder: URL) throws { try encoder.write(to: folder) }
}
