import DistillCore

/// The labels that a knowledge base stores.
package enum KeyLabels: String, CaseIterable, Sendable, OptionValue {
  /// The labels of the training file. Texts without a label are left out.
  case gold
  /// The teacher's probabilities or scores, as in ReAugKD.
  case soft
  /// The labels of the training file, and the teacher's answers to texts that have none.
  case goldOrSoft = "gold-or-soft"
}
