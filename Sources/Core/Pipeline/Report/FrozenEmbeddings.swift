import DistillCore
import DistillTraining

/// The embeddings of an encoder that has not been trained on the task, as the features of a regression.
///
/// The embedding of a text is the mean of its hidden states after a layer, scaled to length 1. A pair of texts is read apart, and
/// its features are [u + v, |u − v|, u·v] of the two embeddings (elementwise, as in Reimers and Gurevych 2019).
struct FrozenEmbeddings {
  let encoder: any TextEncoder
  let maximumLength: Int

  /// Encodes texts as one dataset, or pairs as two.
  func encode(_ examples: [Example]) -> [EncodedDataset] {
    func dataset(_ text: (Example) -> String) -> EncodedDataset {
      EncodedDataset(
        examples.map { Example(text: text($0), target: $0.target, line: $0.line) }, with: encoder.tokenizer,
        maximumLength: maximumLength)
    }
    // A file has pairs in all of its rows or in none.
    guard examples.first?.pair != nil else { return [dataset(\.text)] }
    return [dataset(\.text), dataset { $0.pair ?? "" }]
  }

  /// Returns the features [B, F] after each of the layers. No layer above these is computed.
  func features(of batches: [TokenBatch], layers: [Int]) throws -> [Tensor] {
    let responses = try batches.map { try encoder.respond(to: $0, with: Set(layers.map { .hidden(layer: $0) })) }
    return try layers.map { layer in
      let embeddings = try zip(batches, responses).map { batch, response in
        try response[.hidden(layer: layer)].segmentMeans(batch.offsets).l2Normalised()
      }
      guard embeddings.count == 2 else { return embeddings[0] }
      let (u, v) = (embeddings[0], embeddings[1])
      let parts = [u + v, (u - v).absolute(), u * v]
      return concatenatedRows(parts.map { $0.transposed() }).transposed()
    }
  }

  /// Returns the features [M, F] of all texts after each of the layers.
  ///
  /// - `progress`: Called with the number of finished texts. An error that it throws ends the work.
  func features(of examples: [Example], layers: [Int], progress: (Int) throws -> Void) throws -> [Matrix] {
    let data = encode(examples)
    var parts: [[Tensor]] = []
    for start in stride(from: 0, to: examples.count, by: 64) {
      let end = min(start + 64, examples.count)
      parts.append(try features(of: data.map { $0.batch(start..<end) }, layers: layers))
      try progress(end)
    }
    return layers.indices.map { index in Matrix(concatenatedRows(parts.map { $0[index] })) }
  }
}
