import Foundation

/// Options from which an encoder is made.
public protocol EncoderRecipe: Plugin, Sendable {
  /// The card, from configuration files alone.
  /// - Throws: ``WiringError``, ``WiringErrors`` or `FormatError`.
  func card(in surroundings: Surroundings) throws -> ModelCard
  /// Paths of the options that `card(in:)` rests on, and of those that `check(in:)` rests on, too: while one of them is wrong,
  /// neither is asked. Default: all of them.
  var basis: (card: [String], check: [String])? { get }
  /// Looks at the files that weights come from, and reads none. No labels in the surroundings: they are not known.
  /// Default: there is nothing to look at.
  /// - Throws: as `card(in:)`.
  func check(in surroundings: Surroundings) throws
  /// The files that decide what is made, among those that path options lead to. Default: nil, all of them.
  var sources: [URL]? { get }
}

extension EncoderRecipe {
  public var basis: (card: [String], check: [String])? { nil }
  public func check(in surroundings: Surroundings) throws {}
  public var sources: [URL]? { nil }
}
