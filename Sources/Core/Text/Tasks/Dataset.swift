/// One row of a task's file.
public struct Example: Sendable, Equatable {
  public var text: String
  /// The second text of a task about pairs.
  public var pair: String?
  /// The answer, `nil` in a file without answers.
  public var target: Target?
  /// The line it was read from, counted from 1.
  public var line: Int

  public init(text: String, pair: String? = nil, target: Target? = nil, line: Int) {
    self.text = text
    self.pair = pair
    self.target = target
    self.line = line
  }
}

/// The rows of one file, in its order.
public struct Dataset: Sendable, Equatable {
  public let examples: [Example]

  public init(_ examples: [Example]) { self.examples = examples }

  public var count: Int { examples.count }

  /// The answers of all examples, `nil` if one has none.
  public var targets: [Target]? {
    let targets = examples.compactMap(\.target)
    return targets.count == examples.count ? targets : nil
  }

  /// The ids of every example, none longer than `maxLength`.
  public func encoded(with tokenizer: some Tokenizer, maxLength: Int?) -> [TokenSequence] {
    examples.map { tokenizer.encode($0.text, pair: $0.pair, maxLength: maxLength) }
  }
}
