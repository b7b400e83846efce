import DistillCore

/// The vector that represents a whole sequence. It is the embedding of the sequence and the input of the classifier.
public enum Readout: String, CaseIterable, Sendable, OptionValue {
  /// The state of [CLS] after the last layer.
  case cls
  /// The tanh of a linear map of that state.
  case pooler
  /// The mean of all states after the last layer.
  case mean
}

extension Readout {
  /// The description of the option `readout`.
  static let summary =
    "The vector of a sequence that is its embedding and that the classifier reads: `cls`, `pooler` or `mean`. Default: that of "
    + "the encoder that the weights come from; for a checkpoint what `1_Pooling` says, else its pooler, else `mean`."
}

extension ClassifierSource {
  /// The description of the option `classifier`.
  static let summary =
    "Where the classifier starts: `checkpoint`, the weights of the teacher or the file; `regression`, fitted to the labels on the "
    + "frozen embeddings; `fresh`, random. Default: `checkpoint` if there is one for this task, else `regression`."
}
