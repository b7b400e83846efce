import DistillText
import DistillWordPiece
import Foundation
import Testing

/// Parity on a real vocabulary, over all of Unicode and over GLUE; digests by Scripts/fixtures/text_tokenizer.py.
@Suite(.enabled(if: Fixture.miniLM != nil, "needs all-MiniLM-L6-v2 in models/ or DISTILL_MINILM"))
struct MiniLMTests {
  struct Digests: Decodable {
    let sweep: [String: [String]]
    let glue: [String: [String: Value]]
  }
  enum Value: Decodable, Equatable {
    case rows(Int)
    case digest(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let rows = try? value.decode(Int.self) {
        self = .rows(rows)
      } else {
        self = .digest(try value.decode(String.self))
      }
    }
  }

  let uncased: WordPieceTokenizer
  let cased: WordPieceTokenizer
  let digests: Digests

  init() throws {
    uncased = try WordPieceTokenizer(folder: #require(Fixture.miniLM))
    cased = try WordPieceTokenizer(vocabulary: uncased.vocabulary, normalization: Normalization(lowercase: false))
    digests = try JSONDecoder().decode(Digests.self, from: Data(contentsOf: Fixture.url("minilm.json")))
  }

  @Test func everyScalarGivesTheIdsOfTheReference() throws {
    for (rules, tokenizer) in [("uncased", uncased), ("cased", cased)] {
      let expected = try #require(digests.sweep[rules])
      for (block, digest) in expected.enumerated() {
        var found = Digest()
        for text in sweep(from: UInt32(block * 4096)) { found.add(tokenizer.encode(text)) }
        #expect("\(found)" == digest, "\(rules), block \(block)")
      }
    }
  }

  @Test(.enabled(if: Fixture.glue != nil, "needs GLUE's files beside the package or DISTILL_GLUE"))
  func everyTextOfGLUEGivesTheIdsOfTheReference() throws {
    let columns = ["MRPC": [3, 4], "RTE": [1, 2], "CoLA": [3], "SST-2": [0], "STS-B": [7, 8]]
    let runs: [(String, WordPieceTokenizer, Int?)] = [
      ("uncased", uncased, nil), ("cased", cased, nil), ("128", uncased, 128), ("33", uncased, 33), ("12", cased, 12),
    ]
    let glue = try #require(Fixture.glue)
    #expect(digests.glue.count == 10)
    for (name, expected) in digests.glue {
      let task = String(name.prefix { $0 != "/" })
      let columns = try #require(columns[task])
      let lines = try Data(contentsOf: glue.appendingPathComponent(name)).split(separator: UInt8(ascii: "\n"))
      let rows = lines.dropFirst(task == "CoLA" ? 0 : 1).map {
        $0.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
          .map { String(decoding: $0, as: UTF8.self) }
      }
      #expect(expected["rows"] == .rows(rows.count))
      for (run, tokenizer, limit) in runs {
        var digest = Digest()
        for row in rows {
          let pair = columns.count > 1 ? row[columns[1]] : nil
          digest.add(tokenizer.encode(row[columns[0]], pair: pair, maxLength: limit))
        }
        #expect(expected[run] == .digest("\(digest)"), "\(name), \(run)")
      }
    }
  }
}
