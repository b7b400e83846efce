import Foundation

/// Something that reads token ids and answers with activations.
public protocol Encoder: AnyObject {
  var card: ModelCard { get }
  /// What makes the ids that it reads.
  var tokenizer: any Tokenizer { get }
  /// Activations that rest on parameters which nothing has trained yet, such as a new classifier's logits. Default: none.
  var untrained: Set<Activation> { get }

  /// Exactly the activations asked for, nothing else computed.
  /// - Throws: ``ContractError`` for an activation that it does not have or a sequence that is too long.
  func respond(to batch: TokenBatch, with activations: Set<Activation>, pass: Pass) throws -> Response

  /// Writes everything from which its recipe can load it again.
  func write(to folder: URL) throws
}

extension Encoder {
  public var untrained: Set<Activation> { [] }
}
