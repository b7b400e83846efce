import DistillCore
import DistillTraining

extension PipelineRun {
  var evaluation: Evaluation {
    Evaluation(
      task: texts.task, maximumLength: pipeline.options.task.maximumLength, heldOut: texts.heldOutForChoices,
      thresholds: record.thresholds ?? [:], temperature: record.temperature, observe: observe)
  }

  /// Fits what the student is compared with. There is nothing to compare without a validation file.
  func baselines(
    _ teacher: (any Teacher)?, _ student: any TextEncoder, _ loop: TrainingLoop
  ) throws -> Baselines {
    var baselines = Baselines()
    guard texts.validation != nil else { return baselines }
    if texts.training.isEmpty {
      observe(.note("no baselines: no text has a label that they could learn"))
      return baselines
    }
    let options = pipeline.options
    let base = try pipeline.base()
    if options.baselines.undistilled, let recipe = options.student {
      // Layers are copied from the teacher as it was before it learnt the task.
      let undistilled = try recipe.makeStudent(
        in: pipeline.context, teacher: teacher.map { base ?? $0 },
        Preparation(trainer: loop) { [self] in self.data($0) })
      try loop.fineTune(
        undistilled, on: data(undistilled.tokenizer), options: options.training, phase: "undistilled student")
      baselines.answerers.append(evaluation.answerer("undistilled student", try undistilled.model()))
    }
    guard options.baselines.frozen else { return baselines }
    // They read every label, as the knowledge base does in the end, but for those that choose thresholds where a text can have several.
    let isMultilabel = texts.task.kind.isMultilabel
    let labelled =
      texts.training + (isMultilabel ? texts.heldOutForEpochs + texts.heldOutForTeacher : texts.heldOut)
    baselines.addConstant(labelled.compactMap(\.target), task: texts.task.kind)
    guard let base, base.card.activations.contains(.hidden) else {
      observe(.note("no baselines on frozen embeddings: teacher and student start from no checkpoint"))
      return baselines
    }
    baselines.answerers += try FrozenBaselines(
      base, task: texts.task, maximumLength: options.task.maximumLength
    ).answerers(
      training: labelled, heldOut: isMultilabel ? texts.heldOutForChoices : [], student: student.card
    ) { done, total in
      observe(.progress(what: "baselines", done: done, total: total))
      try stopIfRequested(before: "baselines")
    }
    return baselines
  }
}
