import DistillBERT
import DistillCore
import DistillPipeline
import Foundation
import Testing

/// The graph of an encoder, calculated by what ONNX's documentation says, gives what the encoder gives.
struct ExportTests {
  /// Pairs of different lengths.
  private static let sequences = [(3, 2), (5, 7), (1, 1)].enumerated().map { row, lengths in
    let ids = (0..<lengths.0 + lengths.1).map { Int32(5 + (7 * row + 3 * $0) % 20) }
    return TokenSequence(
      ids: [2] + ids[..<lengths.0] + [3] + ids[lengths.0...] + [3],
      typeIDs: Array(repeating: 0, count: lengths.0 + 2) + Array(repeating: 1, count: lengths.1 + 1))
  }

  /// Rows of the numbers of the sequences, with a number for the padding, which is four tokens longer than it has to be.
  private static func padded(_ rows: [[Int32]], by padding: Double) -> GraphValue {
    let length = 4 + (rows.map(\.count).max() ?? 0)
    return GraphValue([rows.count, length]) { $0[1] < rows[$0[0]].count ? Double(rows[$0[0]][$0[1]]) : padding }
  }

  private static func check(_ encoder: any ExportableEncoder) throws {
    var graph = ModelGraph()
    let outputs = try encoder.addNodes(to: &graph)
    let sequences = Self.sequences
    let results = graph.evaluated([
      graph.inputIDs: padded(sequences.map(\.ids), by: 9),
      graph.attentionMask: padded(sequences.map { $0.ids.map { _ in 1 } }, by: 0),
      graph.tokenTypeIDs: padded(sequences.map(\.typeIDs), by: 0),
    ])
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    let response = try encoder.respond(to: batch, with: [.embedding, .logits])
    for (value, activation) in [(outputs.embedding, Activation.embedding), (outputs.logits, .logits)] {
      let found = try #require(results[value])
      let expected = try response[activation]
      #expect(found.shape == expected.shape.array)
      // Sums of a few dozen numbers of about 1, in Float32.
      let deviation = zip(found.values, expected.values).map { abs($0 - Double($1)) }.max() ?? 0
      #expect(deviation < 2e-5, "\(activation) deviates by \(deviation)")
    }
  }

  @Test(arguments: DistillBERT.Readout.allCases, PairReading.allCases)
  func theGraphGivesWhatTheEncoderGives(_ readout: DistillBERT.Readout, _ pairs: PairReading) throws {
    for activation in ["gelu", "gelu_new", "relu"] {
      let bench = try Workbench()
      let config = String(decoding: try bench.data("teacher/config.json"), as: UTF8.self)
      try bench.write(
        config.replacing("\"model_type\"", with: "\"hidden_act\": \"\(activation)\", \"model_type\""),
        to: "teacher/config.json")
      var recipe = BERTStudent()
      recipe.checkpoint = OptionPath(bench.path("teacher"))
      (recipe.readout, recipe.pairs, recipe.classifier) = (readout, pairs, .fresh)
      if readout == .pooler { recipe.pooler = .fresh }
      let context = PipelineContext(
        task: .classification(labels: ["a", "b", "c"]), hasPairs: true, maximumLength: 32, key: RandomKey(5))
      let model = try recipe.makeStudent(in: context, teacher: nil, nil).model()
      try Self.check(try #require(model as? any ExportableEncoder))
    }
  }

  @Test func aFileHasALargestSize() throws {
    let bench = try Workbench()
    let encoder = try BERTEncoder(bench.url.appending(path: "teacher"), readout: .mean)
    let file = try ONNXFile(encoder, task: encoder.task)
    let url = bench.url.appending(path: "model.onnx")
    try file.write(to: url)
    let size = try Data(contentsOf: url).count
    try file.write(to: url, limit: size)
    let error = #expect(throws: FormatError.self) { try file.write(to: url, limit: size - 1) }
    #expect(error?.message.contains("\(size) bytes") == true)
  }
}
