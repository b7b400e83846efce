import DistillCore

extension ExportableEncoder {
  /// Returns the largest difference between the embeddings and logits of sequences and what the encoder's graph gives for them.
  ///
  /// - Parameters:
  ///   - sequences: The sequences, which are padded four tokens further than they have to be.
  ///   - padding: The id of the padding.
  public func graphDeviation(_ sequences: [TokenSequence], padding: Double) throws -> Double {
    func padded(_ rows: [[Int32]], by padding: Double) -> GraphValue {
      let length = 4 + (rows.map(\.count).max() ?? 0)
      return GraphValue([rows.count, length]) { $0[1] < rows[$0[0]].count ? Double(rows[$0[0]][$0[1]]) : padding }
    }
    var graph = ModelGraph()
    let outputs = try addNodes(to: &graph)
    let results = graph.evaluated([
      graph.inputIDs: padded(sequences.map(\.ids), by: padding),
      graph.attentionMask: padded(sequences.map { $0.ids.map { _ in 1 } }, by: 0),
      graph.tokenTypeIDs: padded(sequences.map(\.typeIDs), by: 0),
    ])
    let response = try respond(
      to: TokenBatch(sequences, examples: Array(sequences.indices)), with: [.embedding, .logits])
    var largest = 0.0
    for (value, activation) in [(outputs.embedding, Activation.embedding), (outputs.logits, .logits)] {
      let expected = try response[activation]
      guard let found = results[value], found.shape == expected.shape.array else { return .infinity }
      largest = max(largest, zip(found.values, expected.values).map { abs($0 - Double($1)) }.max() ?? 0)
    }
    return largest
  }
}
