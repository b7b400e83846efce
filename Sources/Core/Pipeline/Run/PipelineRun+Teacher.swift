import DistillCore
import DistillTraining
import Foundation

extension PipelineRun {
  /// Returns the prepared teacher, or a part of it.
  ///
  /// - `part`: The number of the part with a dot before it, such as `.2`, and those of what it is a part of before that.
  /// - `fold`: The training texts that it must not learn from.
  func prepared(
    _ recipe: any TeacherRecipe, _ loop: TrainingLoop, part: String = "", without fold: Fold? = nil
  ) throws -> any Teacher {
    let label = (fold.map { ", fold \($0.number)" } ?? "") + (part.isEmpty ? "" : ", member \(part.dropFirst())")
    let name = "teacher" + (fold.map { "-fold-\($0.number)" } ?? "") + part
    let own = name == "teacher" ? folder.teacher : folder.checkpoints.appending(path: name)
    try FileSystem.makeFolder(own.deletingLastPathComponent())
    let teachers = PreparedTeachers(folder: folder, label: label, observe: observe)
    let provenance = try pipeline.teacherProvenance(recipe, texts, without: fold)
    try teachers.prepare(provenance, in: own, resumes: resumes, stop: { try stopIfRequested(before: "teacher") }) {
      // The teacher is stored under the provenance of the files as they were at the start, and somebody may have replaced them
      // before they were read. They are therefore compared again once the weights have been loaded: when the recipe asks for
      // the data of a training, or after it has returned if there was no training.
      var isChecked = false
      func checkFiles() throws {
        let now = try pipeline.teacherProvenance(recipe, texts, without: fold)
        guard now == provenance else {
          throw RunError.otherSettings(folder.url.path, now.differences(since: provenance))
        }
        isChecked = true
      }
      let teacher = try recipe.makeTeacher(
        in: pipeline.context,
        Preparation(trainer: loop.labelled(label)) { [self] number, member in
          try prepared(member, loop, part: "\(part).\(number)", without: fold)
        } data: { [self] tokenizer in
          try checkFiles()
          if texts.training.isEmpty {
            throw ContractError(
              "the teacher learns from labels, and no text has one; name labelled files in `task.train`")
          }
          return data(tokenizer, without: fold)
        })
      if let activation = teacher.untrained.map(\.description).sorted().first {
        throw ContractError(
          "the teacher's \(activation) would come from weights that nothing has trained; "
            + "add `fine_tune:` to it, or train for more steps if it is there")
      }
      if !isChecked { try checkFiles() }
      return teacher
    }
    return try recipe.loadTeacher(from: own, in: pipeline.context)
  }

  /// Returns what the report says about the teacher: what it says itself, which texts it could not answer, and how far it agrees with
  /// the labels of those that it did, if its answers were given from outside.
  func remarks(on teacher: (any Teacher)?) throws -> [String] {
    guard let teacher else { return [] }
    var remarks = [teacher.summary].compactMap(\.self)
    guard let coverage = texts.coverage else { return remarks }
    if let gap = coverage.gap { remarks.append(gap + "; they were left out") }
    let data = EncodedDataset(
      texts.training, with: teacher.tokenizer, maximumLength: pipeline.options.task.maximumLength)
    guard data.count > 0 else { return remarks }
    let outputs = probabilities(
      from: try answers(of: teacher, to: data, with: [.logits])[.logits], task: texts.task.kind)
    let score = try scores(predictions(from: outputs, task: texts.task.kind), on: data, task: texts.task)[0]
    remarks.append(
      "the teacher's answers to the \(data.count) labelled training texts: \(score.metric) "
        + "\(Report.fixed(score.value, 4)) with their labels")
    return remarks
  }
}

extension TaskData {
  /// Returns the same texts with the teacher's answers for labels. A student's classifier starts from them if no text has a label.
  ///
  /// - Parameter teacher: A teacher that reads the same ids, or texts.
  func labelled(by teacher: any Teacher) throws -> TaskData {
    let logits = try answers(of: teacher, to: training, with: [.logits])[.logits]
    let targets = predictions(from: probabilities(from: logits, task: task.kind), task: task.kind)
    return TaskData(
      task: task, training: EncodedDataset(sequences: training.sequences, targets: targets, texts: training.texts),
      validation: validation)
  }
}
