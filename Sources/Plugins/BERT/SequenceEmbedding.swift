import DistillCore

/// What stands for a whole sequence.
public enum SequenceEmbedding: String, CaseIterable, Sendable, OptionValue {
  /// The state of [CLS] after the last layer.
  case cls
  /// tanh of a linear map of it, which the classifier reads.
  case pooler
  /// The mean of all states after the last layer.
  case mean
}
