import DistillFormats
import Foundation
import TestSupport
import Testing

struct JSONLinesWriterTests {
  private struct Line: Encodable {
    var step: Int
    var loss: Float
    var by = "a/b"
  }

  @Test func writesSortedKeysAndNonFiniteFloats() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("metrics.jsonl")
      let writer = try JSONLinesWriter(url, append: false)
      for (step, loss) in [0.5, .nan, .infinity, -.infinity].enumerated() {
        try writer.write(Line(step: step, loss: Float(loss)))
      }
      #expect(
        try String(contentsOf: url, encoding: .utf8) == """
          {"by":"a/b","loss":0.5,"step":0}
          {"by":"a/b","loss":"nan","step":1}
          {"by":"a/b","loss":"inf","step":2}
          {"by":"a/b","loss":"-inf","step":3}

          """)
    }
  }

  @Test(
    arguments: ["", "{\"a\":1}\n", "{\"a\":1}\n{\"b\":2}\n"], ["", "{\"lo", String(repeating: "x", count: 10_000)])
  func resumingCutsOffAnUnfinishedLine(whole: String, partial: String) throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("metrics.jsonl")
      try Data((whole + partial).utf8).write(to: url)
      try JSONLinesWriter(url, append: true).write(["c": 3])
      #expect(try String(contentsOf: url, encoding: .utf8) == whole + "{\"c\":3}\n")
      try JSONLinesWriter(url, append: false).write(["d": 4])
      #expect(try String(contentsOf: url, encoding: .utf8) == "{\"d\":4}\n")
    }
  }
}
