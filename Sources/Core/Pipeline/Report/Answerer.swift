import DistillCore
import DistillTraining

/// A way of answering texts, which a row of a report is about.
struct Answerer {
  let name: String
  /// The number of parameters, or `nil` if it is not known.
  let parameters: Int?
  /// Encodes texts: as one dataset, or as two if the texts of a pair are read apart.
  let encode: ([Example]) -> [EncodedDataset]
  /// Returns the probabilities or scores [B, C] of the corresponding batches of these datasets.
  let outputs: ([TokenBatch]) throws -> Tensor
  /// Whether it can answer a text.
  var canAnswer: (Example) -> Bool = { _ in true }

  /// Returns the outputs [M, C] for texts, in batches of 64.
  ///
  /// - Parameters:
  ///   - data: What `encode` returned.
  ///   - progress: Called with the number of finished texts. An error that it throws ends the work.
  func answers(to data: [EncodedDataset], progress: (Int) throws -> Void = { _ in }) throws -> Tensor {
    guard let count = data.first?.count, count > 0 else { throw ContractError("there are no texts to answer") }
    return concatenatedRows(
      try stride(from: 0, to: count, by: 64).map { start in
        let end = min(start + 64, count)
        let outputs = try outputs(data.map { $0.batch(start..<end) })
        try progress(end)
        return outputs
      })
  }

  /// Returns the number of texts that are answered in a second: the median of several passes over the same texts, after one
  /// pass that is not counted.
  ///
  /// At most 512 of the texts are used, and fewer if three passes would take much more than five seconds.
  ///
  /// - Parameters:
  ///   - examples: The texts.
  ///   - seconds: An estimate of the time for one text.
  func speed(on examples: [Example], secondsPerText seconds: Double) throws -> Double {
    let count = min(examples.count, max(16, min(512, Int(1.25 / max(seconds, 1e-9)))))
    // Files may be sorted by class or length, so the texts are taken from all over the file.
    let data = encode((0..<count).map { examples[$0 * examples.count / count] })
    _ = try answers(to: data)
    var passes: [Double] = []
    let started = ContinuousClock.now
    while passes.count < 3 || (passes.count < 9 && started.duration(to: .now) < .seconds(0.5)) {
      let start = ContinuousClock.now
      _ = try answers(to: data)
      passes.append(start.duration(to: .now) / .seconds(1))
    }
    return Double(count) / passes.sorted()[passes.count / 2]
  }
}

extension Answerer {
  /// Creates a way of answering that reads a text, or a pair as one sequence, with an encoder.
  ///
  /// - Parameters:
  ///   - name: The name of the row.
  ///   - encoder: The encoder.
  ///   - maximumLength: The largest number of tokens in a sequence.
  ///   - activations: What the encoder returns.
  ///   - outputs: The probabilities or scores [B, C] from what the encoder returned.
  init(
    _ name: String, _ encoder: any TextEncoder, maximumLength: Int, _ activations: Set<Activation>,
    outputs: @escaping (Response) throws -> Tensor
  ) {
    self.init(
      name: name, parameters: encoder.card.parameters,
      encode: { [EncodedDataset($0, with: encoder.tokenizer, maximumLength: maximumLength)] },
      outputs: { try outputs(encoder.respond(to: $0[0], with: activations)) })
  }
}
