import DistillCore

/// The epoch whose parameters a training keeps.
package enum KeptEpoch: String, CaseIterable, Sendable, OptionValue {
  /// The one with the best score on texts that nothing is trained on.
  case best
  case last
}

extension PipelineOptions {
  /// Whether the epoch with the best score is kept, for the teacher as well as for the student. It has to be asked for if only
  /// the validation file could select it, because the scores on that file would then be too high.
  package var keepsBestEpoch: Bool { (keep ?? (task.holdOut > 0 ? .best : .last)) == .best }

  /// What a reader of the figures on the validation file must know about how the epoch was chosen, or `nil` if nothing was chosen
  /// on that file.
  package var selectionNote: String? {
    keepsBestEpoch && task.holdOut == 0
      ? "The epoch was chosen on these same texts, so that the scores of trained models are too high." : nil
  }
}

extension PipelineCheck {
  /// Reports options that need scores of epochs which nothing computes.
  func keptEpoch() {
    let given = ["task.hold_out", "task.validation", "training.keep"]
    ask("training.keep", given: given) {
      guard options.keep == .best, options.task.holdOut == 0, options.task.validation == nil else { return }
      throw WiringError(
        "there are no texts on which epochs could be compared", hint: "set task.hold_out, e.g. to 0.1")
    }
    ask("training.patience", given: given) {
      guard options.training.patience != nil, !options.keepsBestEpoch else { return }
      throw WiringError(
        "waits for a better score, and no epoch is scored",
        hint: options.keep == nil ? "set task.hold_out, e.g. to 0.1" : "take `keep: last` out")
    }
  }
}

/// The section `training`: the options of every training loop, and one that concerns the teacher's trainings, too.
struct PipelineTraining: Configurable {
  var loop = TrainingOptions()
  var keep: KeptEpoch?

  mutating func options(_ visit: inout OptionVisitor) {
    loop.options(&visit)
    visit(
      "keep", &keep,
      "The epoch that teacher and student keep: `best` by the score on held-out texts, or without any on the validation file, or "
        + "`last`. Default: best if texts are held out, else last.")
  }
}
