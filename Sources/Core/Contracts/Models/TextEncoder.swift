import Foundation

/// A model that reads token ids and returns activations.
///
/// An encoder is an immutable value, so any number of tasks can use it at the same time.
public protocol TextEncoder: Sendable {
  var card: ModelCard { get }
  /// The tokenizer whose ids this encoder reads.
  var tokenizer: any Tokenizer { get }
  /// The activations that depend on parameters that have not been trained yet, such as the logits of a new classifier. Default:
  /// none.
  ///
  /// A pipeline refuses a teacher with untrained activations, because the student would learn noise.
  var untrained: Set<Activation> { get }

  /// Computes the requested activations, and no others, as constants without gradients.
  ///
  /// Except for rounding, the result for a sequence must not depend on the other sequences in the batch.
  ///
  /// - Parameters:
  ///   - batch: The sequences. They are packed one after the other without padding.
  ///   - activations: The activations to return.
  /// - Throws: ``ContractError`` if the encoder does not have a requested activation or a sequence is too long.
  func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response

  /// Writes everything that the encoder's recipe needs to load it again from `folder`.
  func write(to folder: URL) throws
}

extension TextEncoder {
  public var untrained: Set<Activation> { [] }
}
