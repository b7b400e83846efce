import Foundation

/// The options from which an encoder is made.
///
/// Plugins implement ``TeacherRecipe`` or ``StudentRecipe``, which add the methods that make the encoder. The requirements here
/// are used to validate a pipeline before any weight is read.
public protocol EncoderRecipe: Plugin, Sendable {
  /// Returns the card of the encoder that this recipe makes, from options and configuration files alone. It must read no
  /// weights, so that validation stays fast.
  ///
  /// - Parameter context: The task and the cards of the other encoders. Let the errors of its accessors pass, see
  ///   ``PipelineContext``.
  /// - Throws: ``WiringError`` or ``WiringErrors`` if the recipe does not fit the pipeline, or `FormatError` if a configuration
  ///   file cannot be used.
  func card(in context: PipelineContext) throws -> ModelCard
  /// Checks that the files that the weights come from exist and fit, without reading the weights.
  ///
  /// The default implementation does nothing.
  /// - Parameter context: As in ``card(in:)``.
  /// - Throws: The same errors as ``card(in:)``.
  func check(in context: PipelineContext) throws
  /// The keys of options that ``card(in:)`` does not depend on, such as a temperature or the settings of a training. Default:
  /// none.
  ///
  /// If one of these options is wrong, the card is still computed, so that mistakes in other options are reported at the same
  /// time. ``check(in:)`` may depend on whether such an option is given, but not on the options inside it.
  var optionsBesideCard: [String] { get }
  /// Whether ``makeBase(in:)`` returns an encoder. Default: `false`.
  var hasBase: Bool { get }
  /// Returns the encoder as it is before any training on the task, or `nil` if there is none, for example because its weights
  /// start at random. Its embedding must be one that it was trained for. Default: `nil`.
  ///
  /// A knowledge base can be searched in the space of its embeddings. If it offers hidden states, regressions on their means become
  /// rows of the report.
  /// - Parameter context: As in ``card(in:)``.
  /// - Throws: `FormatError` if the weights cannot be read.
  func makeBase(in context: PipelineContext) throws -> (any Teacher)?
  /// The files that the encoder is made from. Default: `nil`, which means all files in the folders that path options name.
  ///
  /// Their checksums are part of what a run and a prepared teacher are identified by. Implement this if a folder can contain
  /// files that do not matter, such as a README, so that changing them does not invalidate earlier work.
  var sources: [URL]? { get }
}

extension EncoderRecipe {
  public func check(in context: PipelineContext) throws {}
  public var optionsBesideCard: [String] { [] }
  public var sources: [URL]? { nil }
  public var hasBase: Bool { false }
  public func makeBase(in context: PipelineContext) throws -> (any Teacher)? { nil }
}
