import DistillBERT
import DistillCore
import DistillEncoder
import Foundation
import TestSupport
import Testing

/// The graph of every architecture, calculated by what ONNX's documentation says, and the folders for other programs.
struct ExportTests {
  private static let names = ["distilbert", "roberta", "xlm-roberta", "mpnet", "electra"]

  private func encoder(_ folder: URL, _ readout: Readout, _ pairs: PairReading = .joint) throws -> TransformerEncoder {
    let recipe = try Kind.of(folder.lastPathComponent).random(folder, readout, pairs)
    return try #require(recipe as? TransformerEncoder)
  }

  @Test(arguments: names, Readout.allCases) func theGraphGivesWhatTheEncoderGives(_ name: String, _ readout: Readout)
    throws
  {
    let encoder = try encoder(Answers.url(name), readout)
    // Sums of a few dozen numbers of about 1, in Float32. Padding that is masked may have any id.
    for padding in [1.0, 9] {
      #expect(try encoder.graphDeviation(Answers(name).sequences(), padding: padding) < 2e-5)
    }
  }

  @Test(arguments: names) func theGraphReadsPairsApart(_ name: String) throws {
    let encoder = try encoder(Answers.url(name), .mean, .separate)
    let pairs = try Answers(name).sequences().filter { $0.typeIDs.contains(1) }
    #expect(try encoder.graphDeviation(pairs, padding: 9) < 2e-5)
  }

  /// [CLS] alone is no input of the heads of DistilBERT and ELECTRA, whose activations are not odd functions.
  @Test(arguments: names) func foldersForTransformers(_ name: String) throws {
    for readout in Readout.allCases {
      let encoder = try encoder(Answers.url(name), readout)
      let isPossible = readout == .pooler || (readout == .cls && !["distilbert", "electra"].contains(name))
      try TemporaryFolder.with { folder in
        if isPossible {
          try encoder.write(to: folder, for: .transformers, maximumLength: 30)
          let again = try TransformerEncoder(folder, Kind.of(name).architecture)
          let batch = try Answers(name).batch()
          let (found, expected) = (
            try again.respond(to: batch, with: [.logits])[.logits],
            try encoder.respond(to: batch, with: [.logits])[.logits]
          )
          #expect(found.deviation(from: expected) < 1e-5)
        } else {
          let error = #expect(throws: ContractError.self) {
            try encoder.write(to: folder, for: .transformers, maximumLength: 30)
          }
          #expect("\(error as Any)".contains("readout: pooler"))
        }
      }
    }
  }
}
