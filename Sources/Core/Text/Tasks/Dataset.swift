/// The rows of one file, in the order of the file.
public struct Dataset: Sendable, Equatable {
  public let examples: [Example]

  package init(_ examples: [Example]) { self.examples = examples }

  package var count: Int { examples.count }

  /// Returns the tokens of every example, truncated to at most `maxLength` tokens.
  package func encoded(with tokenizer: some Tokenizer, maxLength: Int?) -> [TokenSequence] {
    examples.map { tokenizer.encode($0.text, pair: $0.pair, maxLength: maxLength) }
  }
}
