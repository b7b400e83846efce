import DistillCore

/// The vectors that stand for texts in a knowledge base.
package enum SearchSpace: String, CaseIterable, Sendable, OptionValue {
  /// Keys are embeddings of the teacher, queries are embeddings of the student, as in ReAugKD. A loss has to bring the two together.
  case teacher
  /// Keys and queries are embeddings of the student.
  case student
  /// Keys and queries are states of the student, mapped to embeddings of the encoder before any training on the task.
  case base
  /// Those of `base` and those of `student` side by side.
  case both

  /// Whether its vectors are mapped to the embeddings of the base encoder.
  var isMapped: Bool { self == .base || self == .both }
}
