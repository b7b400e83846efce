import DistillCore

/// The vector that represents a whole sequence.
public enum SequenceEmbedding: String, CaseIterable, Sendable, OptionValue {
  /// The state of [CLS] after the last layer.
  case cls
  /// The tanh of a linear map of that state, which is the input of the classifier.
  case pooler
  /// The mean of all states after the last layer.
  case mean
}
