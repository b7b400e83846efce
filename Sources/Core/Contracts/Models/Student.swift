/// An encoder that is being trained: the student of a pipeline, or a teacher that is fine-tuned first.
///
/// A student is mutable and must be used from one task at a time. When training ends, ``model()`` returns an immutable encoder.
public protocol Student: AnyObject {
  var card: ModelCard { get }
  /// The tokenizer whose ids this encoder reads.
  var tokenizer: any Tokenizer { get }
  /// The parameters that training changes. The optimiser updates them in place.
  var parameters: ParameterStore { get }

  /// Computes the requested activations, and no others, as tensors through which gradients flow back to the parameters.
  ///
  /// A dropout mask must depend only on `key` and on each element's place in the logical batch, not on how the batch is cut.
  /// Training in micro-batches runs every piece twice and needs the same masks both times.
  ///
  /// - Parameters:
  ///   - batch: The sequences, or a slice of them when the loop trains in micro-batches.
  ///   - activations: The activations to return.
  ///   - key: The key of the dropout masks, which is different in each step.
  /// - Throws: ``ContractError`` if the encoder does not have a requested activation or a sequence is too long.
  func respond(to batch: TokenBatch, with activations: Set<Activation>, dropout key: RandomKey) throws -> Response

  /// Returns the encoder with its current parameters and without dropout. Later training must not change the returned value.
  func model() throws -> any TextEncoder

  /// Called by a run's training of its student, and by ``Trainer/fineTune(_:on:options:phase:)``, once when it has ended and before the
  /// ``model()`` that is kept. ``Trainer/fit(_:options:phase:)`` does not call it. The default does nothing.
  ///
  /// - Parameters:
  ///   - data: The texts of the training.
  ///   - progress: To be called now and then with the number of texts that are done, and with that of all. An error that it throws ends
  ///     the work; a run that is resumed calls the method again.
  /// - Returns: A remark for the log on what was done, or why nothing was, or `nil` for none.
  func finishTraining(
    on data: TaskData, progress: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> String?
}

extension Student {
  public func finishTraining(
    on _: TaskData, progress _: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> String? { nil }
}
