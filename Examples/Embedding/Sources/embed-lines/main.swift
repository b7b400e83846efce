// embed-lines MODEL < texts: a line of numbers for each line of text, the mean of the last layer's states.
import DistillBERT
import DistillCore
import Foundation

guard CommandLine.arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: embed-lines MODEL < texts\n".utf8))
  exit(2)
}
do {
  let encoder = try BERTEncoder.load(from: URL(filePath: CommandLine.arguments[1]), embedding: .mean)
  while let line = readLine() {
    let sequence = encoder.tokenizer.encode(line, pair: nil, maxLength: encoder.card.maximumLength)
    let response = try encoder.respond(
      to: TokenBatch([sequence], examples: [0]), with: [.embedding], pass: .inference)
    print(try response[.embedding].l2Normalised().values.map { "\($0)" }.joined(separator: " "))
  }
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(1)
}
