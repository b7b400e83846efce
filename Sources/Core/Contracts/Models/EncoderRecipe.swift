import Foundation

/// Options from which an encoder is made.
public protocol EncoderRecipe: Plugin, Sendable {
  /// The card, from configuration files alone.
  /// - Throws: ``WiringError``, ``WiringErrors`` or `FormatError`.
  func card(in context: PipelineContext) throws -> ModelCard
  /// Looks at the files that weights come from, and reads none. Default: there is nothing to look at.
  /// - Throws: as `card(in:)`.
  func check(in context: PipelineContext) throws
  /// Options that the card does not rest on, and `check(in:)` not on what they hold, such as a temperature or how something
  /// is trained: what does not fit the card is told while they are wrong, too. Default: none.
  var optionsBesideCard: [String] { get }
  /// The files that decide what is made, among those that path options lead to. Default: nil, all of them.
  var sources: [URL]? { get }
}

extension EncoderRecipe {
  public func check(in context: PipelineContext) throws {}
  public var optionsBesideCard: [String] { [] }
  public var sources: [URL]? { nil }
}
