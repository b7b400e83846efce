import DistillCore

/// The labels that a knowledge base stores.
package enum KeyLabels: String, CaseIterable, Sendable, OptionValue {
  /// The labels of the training file. Texts without a label are left out.
  case gold
  /// The teacher's probabilities or scores, as in ReAugKD.
  case soft
  /// The labels of the training file, and the teacher's answers to texts that have none.
  case goldOrSoft = "gold-or-soft"
  /// The probabilities or scores of teachers that have not learnt from the text.
  case outOfFold = "out-of-fold"

  /// Whether a teacher's answer comes before the label of the training file.
  var isSoft: Bool { self == .soft || self == .outOfFold }
}
