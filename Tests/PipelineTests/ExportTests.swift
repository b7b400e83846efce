import DistillBERT
import DistillCore
import DistillPipeline
import Foundation
import TestSupport
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
      // Sums of a few dozen numbers of about 1, in Float32.
      let deviation = try #require(model as? any ExportableEncoder).graphDeviation(Self.sequences, padding: 9)
      #expect(deviation < 2e-5)
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
