// embed-lines MODEL < texts: a line of numbers for each line of text, the mean of the last layer's states.
import DistillBERT
import DistillCore
import Foundation

guard CommandLine.arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: embed-lines MODEL < texts\n".utf8))
  exit(2)
}
do {
  let encoder = try BERTEncoder(URL(filePath: CommandLine.arguments[1]))

  @Sendable func vector(_ text: String) throws -> [Float] {
    let sequence = encoder.tokenizer.encode(text, pair: nil, maxLength: encoder.card.maximumLength)
    let response = try encoder.respond(to: TokenBatch([sequence], examples: [0]), with: [.embedding])
    return try response[.embedding].l2Normalised().values
  }

  let texts = Array(AnyIterator { readLine() })
  let vectors = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
    for (row, text) in texts.enumerated() { group.addTask { (row, try vector(text)) } }
    var vectors: [Int: [Float]] = [:]
    for try await (row, values) in group { vectors[row] = values }
    return vectors
  }
  for row in texts.indices { print((vectors[row] ?? []).map { "\($0)" }.joined(separator: " ")) }
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(1)
}
