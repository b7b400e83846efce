import ArgumentParser
import DistillText
import DistillTokenizers
import Foundation

/// Prints ids, and measures how long they take.
@main
struct DistillTokens: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill-tokens",
    abstract: "Prints the ids of texts, as Scripts/check_tokenizers.py compares them.",
    discussion: """
      Each line of standard input is {"text": ..., "pair": ... or null, "max": ... or null}, and becomes a line of
      ids and, behind a bar, type ids. With --time, each line asks for the seconds that all texts of a file take.
      """)
  @Argument(help: "The folder of a tokenizer.") var folder: String
  @Option(help: "A JSON list of texts, which are encoded at each line.") var time: String?
  @Option(help: "A folder that the tokenizer is written to.") var write: String?

  private struct Input: Decodable {
    let text: String
    let pair: String?
    let max: Int?
  }

  func run() throws {
    let tokenizer = try TokenizerFile.read(folder: URL(filePath: folder))
    if let write { return try tokenizer.write(to: URL(filePath: write)) }
    if let time { return try measure(tokenizer, URL(filePath: time)) }
    let decoder = JSONDecoder()
    while let line = readLine() {
      let input = try decoder.decode(Input.self, from: Data(line.utf8))
      let found = tokenizer.encode(input.text, pair: input.pair, maxLength: input.max)
      print(found.ids.map(String.init).joined(separator: " "), found.typeIDs.map(String.init).joined(), separator: "|")
    }
  }

  private func measure(_ tokenizer: any Tokenizer, _ file: URL) throws {
    let texts = try JSONDecoder().decode([String].self, from: Data(contentsOf: file))
    while readLine() != nil {
      let started = ContinuousClock.now
      for text in texts { _ = tokenizer.encode(text, pair: nil, maxLength: nil) }
      FileHandle.standardOutput.write(Data("\(started.duration(to: .now) / .seconds(1))\n".utf8))
    }
  }
}
