import DistillCore
import DistillTraining

extension PipelineRun {
  /// Writes what the student answers to the texts that are held out for choices, if there are any, for ``TrialResult``. Nothing was trained
  /// on them, and they have chosen no epoch.
  func recordHeldOutAnswers(of student: any TextEncoder) throws {
    let examples = texts.heldOutForChoices
    guard !examples.isEmpty, trainsClassifier else { return }
    let data = EncodedDataset(
      examples, with: student.tokenizer, maximumLength: pipeline.options.task.maximumLength)
    let outputs = probabilities(
      from: try answers(of: student, to: data, with: [.logits])[.logits], task: texts.task.kind)
    let predicted = predictions(from: outputs, task: texts.task.kind)
    // Calibrated first, which changes no label: a trial should not lose for being too sure of all its answers.
    let own = Matrix(outputs)
    var mixing = Mixing()
    try mixing.calibrate(own, on: data)
    if case .classification = texts.task.kind { record.temperature = mixing.studentTemperature }
    let row = (name: Evaluation.studentRow, predictions: predicted)
    var answers = RecordedAnswers(texts.task, targets: try data.everyTarget(), rows: [row])
    answers.losses = try RetrievalAugmentation.losses(mixing.calibrated(own), data)
    try answers.write(to: folder.heldOutAnswers)
  }
}
