import DistillCore
import DistillTraining

/// One of the parts into which the training texts are cut. A teacher that learns from the others has not seen it.
package struct Fold: Sendable {
  /// The number of the part, counted from 1.
  package let number: Int
  /// The number of all parts.
  let count: Int
  /// The positions of its texts among the training texts, in rising order.
  package let rows: [Int]

  /// Cuts examples into parts of about equal size, which have about as many texts of each label where a text has one. Copies of a text are in one
  /// part.
  package static func all(_ count: Int, of examples: [Example], key: RandomKey) -> [Fold] {
    var copies: [PlainText: [Int]] = [:]
    for (row, example) in examples.enumerated() { copies[PlainText(example), default: []].append(row) }
    let groups = copies.values.sorted { $0[0] < $1[0] }
    // In a random order, but those of a label after each other, they are dealt out in turn.
    let order = key.permutation(groups.count).enumerated().map { place, group in
      (label: examples[groups[group][0]].target?.label ?? 0, place: place, rows: groups[group])
    }.sorted { ($0.label, $0.place) < ($1.label, $1.place) }
    return (0..<count).map { part in
      let own = stride(from: part, to: order.count, by: count).flatMap { order[$0].rows }
      return Fold(number: part + 1, count: count, rows: own.sorted())
    }
  }

  /// Returns the examples that are not in this part.
  func others(of examples: [Example]) -> [Example] {
    let own = Set(rows)
    return examples.indices.filter { !own.contains($0) }.map { examples[$0] }
  }
}

/// What teachers say of training texts that they have not learnt from.
struct OutOfFoldLabels {
  /// One row for each training text [N, C]: probabilities, or scores.
  let probabilities: Matrix
  /// What the report says about them.
  let remark: String
}

extension PipelineRun {
  /// Returns what teachers say of the training texts that have not learnt from these, if the knowledge base is to store that: each fold is
  /// answered by a teacher that is prepared with the other folds.
  ///
  /// - `whole`: The teacher that has learnt from all of them.
  /// - Throws: `ContractError` if there are fewer texts than folds, or if the teacher learns nothing from the training texts.
  func outOfFoldLabels(beside whole: (any Teacher)?, _ loop: TrainingLoop) throws -> OutOfFoldLabels? {
    let options = pipeline.options
    guard let whole, let recipe = options.teacher, let count = options.knowledgeBase?.foldCount, count > 0
    else { return nil }
    let folds = options.folds(count, of: texts)
    guard folds.allSatisfy({ !$0.rows.isEmpty && $0.rows.count < texts.training.count }) else {
      throw ContractError("\(texts.training.count) training texts cannot be cut into \(count) folds")
    }
    let answered = try folds.map { fold in
      func logits(_ teacher: any Teacher) throws -> Tensor {
        let data = encoded(fold.rows.map { texts.training[$0] }, teacher)
        return try answers(
          of: teacher, to: data, with: [.logits], progress: told("answers to fold \(fold.number)", data.count))[.logits]
      }
      let own = try logits(try prepared(recipe, loop, without: fold))
      if fold.number == 1, try logits(whole).values == own.values {
        throw ContractError(
          "the teacher answers a text in the same way whether it may learn from it or not; `knowledge_base.labels: soft` asks it once"
        )
      }
      return own
    }
    let places = folds.flatMap(\.rows).enumerated().sorted { $0.element < $1.element }.map(\.offset)
    let outputs = probabilities(
      from: Matrix(concatenatedRows(answered)).gathered(places).tensor, task: texts.task.kind)
    let score = try scores(
      predictions(from: outputs, task: texts.task.kind), on: encoded(texts.training, whole), task: texts.task)[0]
    let remark =
      "labels of the knowledge base: \(texts.training.count) training texts are answered by \(count) teachers, each trained without the "
      + "texts that it answers (\(score.metric) \(Report.fixed(score.value, 4))), and all others by the teacher"
    observe(.note(remark))
    return OutOfFoldLabels(probabilities: Matrix(outputs), remark: remark)
  }
}

extension PipelineOptions {
  /// Returns the parts of the training texts, each of which is to be answered by a teacher that has learnt from the others alone.
  package func folds(_ count: Int, of texts: TaskTexts) -> [Fold] {
    Fold.all(count, of: texts.training, key: RandomKey(UInt64(seed)).child("folds"))
  }
}
