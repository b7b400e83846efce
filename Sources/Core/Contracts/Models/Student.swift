/// An encoder while it is trained: the student of a pipeline, or a teacher that is fine-tuned first. It has one owner, and ends
/// by giving out a model.
public protocol Student: AnyObject {
  var card: ModelCard { get }
  /// What makes the ids that it reads.
  var tokenizer: any Tokenizer { get }
  /// What training changes.
  var parameters: ParameterStore { get }

  /// Exactly the activations asked for, with a way back to the parameters. Dropout masks are functions of the key and of places
  /// in the logical batch.
  /// - Throws: ``ContractError`` for an activation that it does not have or a sequence that is too long.
  func respond(to batch: TokenBatch, with activations: Set<Activation>, dropout key: RandomKey) throws -> Response

  /// The encoder as it is now. Later training does not change it.
  func model() throws -> any TextEncoder
}
