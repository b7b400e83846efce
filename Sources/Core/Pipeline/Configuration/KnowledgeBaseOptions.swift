import DistillCore
import DistillTraining

/// The options of the knowledge base: what it stores, its retriever, and how its answers are mixed in.
package struct KnowledgeBaseOptions: Configurable, Sendable {
  package var retriever: (any RetrieverRecipe)?
  package var space: SearchSpace?
  package var layers: [Int]?
  package var labels: KeyLabels?
  package var folds = defaultFolds
  package var heldOut = true
  package var texts = true
  package var falseAlarms: Float = 0.05
  package var mixing = Mixing()
  package var choose: MixingGrid?
  package var readout = ReadoutUse.auto

  private static let defaultFolds = 5
  /// The number of teachers that are trained for the labels of the keys alone.
  var foldCount: Int { labels == .outOfFold ? folds : 0 }

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit.plugin("retriever", &retriever, required: true, "How the nearest embeddings are found.")
    visit(
      "space", &space,
      "What is compared. `base`: the student's states, mapped to the embeddings that the checkpoint had before any training on the "
        + "task; `student`: the student's embeddings; `both`: those two side by side; `teacher`: the teacher's embeddings, found by "
        + "the student's, as in ReAugKD. Default: `both` if there is a checkpoint and texts are read as one sequence, else `student`."
    )
    visit(
      "layers", &layers, in: .atLeast(1),
      "The student's layers whose mean states are mapped, for `base` and `both`. Default: all.")
    visit(
      "labels", &labels,
      "What is stored with each text. `gold`: its label, and texts without one are left out; `soft`: the teacher's probabilities, as "
        + "in ReAugKD; `gold-or-soft`: its label, and the teacher's probabilities for unlabelled texts; `out-of-fold`: the probabilities "
        + "of teachers that have not learnt from the text, which are trained for this, one for each fold. Default: `gold-or-soft` if the "
        + "task has unlabelled texts, else `gold`.")
    visit(
      "folds", &folds, in: .atLeast(2),
      "For `labels: out-of-fold`, the number of parts of the training texts, each of which is answered by a teacher that has learnt from the "
        + "others alone.")
    if folds != Self.defaultFolds, labels != .outOfFold {
      visit.reject("folds", "counts only with `labels: out-of-fold`", given: ["labels"])
    }
    visit(
      "held_out", &heldOut,
      "Whether the texts that `task.hold_out` sets aside become entries as well, when they have chosen what they are set aside for. "
        + "Where the teacher is asked for labels or keys, those that it cannot answer are left out.")
    visit("texts", &texts, "Whether the texts are kept, too, so that an answer can show its neighbours.")
    visit(
      "false_alarms", &falseAlarms, in: .unit,
      "The share of held-out texts that count as `unknown`, because their nearest key is further away than that of the others."
    )
    mixing.options(&visit)
    visit.section(
      "choose", &choose,
      "Choose K, β and τ among these on the held-out examples instead. An adaptive mixing first fits the student's temperature to them or, "
        + "where a task has scores, a line through them.")
    visit(
      "readout", &readout,
      "Whether a logistic regression of the labels on the keys answers in the place of the student's classifier, as after `distill "
        + "knowledge refit`. `auto`: if its loss on the held-out examples is less by two standard errors than that of the student's "
        + "probabilities, softened by the temperature that is best for them; never without such examples, or with `class_weights`."
    )
    if readout == .always, space == .teacher {
      visit.reject("readout", "reads keys like the student's own, and these are the teacher's", given: ["space"])
    }
  }
}
