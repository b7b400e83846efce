import Foundation

/// Something that reads token ids and answers with activations: a value that never changes, so that any number of tasks may ask
/// it at once.
public protocol TextEncoder: Sendable {
  var card: ModelCard { get }
  /// What makes the ids that it reads.
  var tokenizer: any Tokenizer { get }
  /// Activations that rest on parameters which nothing has trained yet, such as a new classifier's logits. Default: none.
  var untrained: Set<Activation> { get }

  /// Exactly the activations asked for, nothing else computed. Nothing is recorded: they are constants.
  /// - Throws: ``ContractError`` for an activation that it does not have or a sequence that is too long.
  func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response

  /// Writes everything from which its recipe can load it again.
  func write(to folder: URL) throws
}

extension TextEncoder {
  public var untrained: Set<Activation> { [] }
}
