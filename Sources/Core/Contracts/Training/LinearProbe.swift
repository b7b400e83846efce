import Foundation

/// A linear map from embeddings to the outputs of a task, fitted to labels or scores while the encoder stays as it is.
///
/// It is a logistic regression for labels, one of each label against all others where several can apply, and a ridge regression
/// for scores. It is the baseline that a fine-tuned encoder has to beat, and the best start for its classifier: a random one first sends gradients without meaning through the encoder, which
/// spoils features that were good (Kumar et al. 2022, arXiv 2202.10054).
public enum LinearProbe {
  /// The strengths of the penalty to choose from, in units of the mean square of a centred embedding's length.
  static let strengths = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6]

  /// Examples to fit to or to choose on: embeddings [M, D], the label or score of each, and what each counts with a label.
  public typealias Examples = (x: Matrix, targets: [Target], weights: [Float])

  /// Fits a map. The strength of its penalty is the one with the smallest loss on other examples.
  ///
  /// - Parameters:
  ///   - examples: The examples to fit to.
  ///   - task: The task.
  ///   - selection: The examples that choose the strength. Default: every fifth of the examples, which the final
  ///     map is fitted to as well.
  /// - Returns: The map [D] → [C] to logits or to the score.
  /// - Throws: `ComputeError` if an embedding is not finite.
  public static func fit(
    _ examples: Examples, task: TaskKind, choosingOn selection: Examples? = nil
  ) throws -> LinearMap {
    let problem = try Problem(examples, task)
    let tried: Problem
    let selection = selection.flatMap { $0.targets.isEmpty ? nil : $0 }
    let others: Examples
    if let selection {
      (tried, others) = (problem, selection)
    } else {
      let rows = examples.targets.indices
      func part(_ rows: [Int]) -> Examples {
        (examples.x.gathered(rows), rows.map { examples.targets[$0] }, rows.map { examples.weights[$0] })
      }
      let left = rows.filter { $0 % 5 == 4 }
      guard !left.isEmpty else { return try problem.solve(strength: strengths[2], start: nil) }
      (tried, others) = (try Problem(part(rows.filter { $0 % 5 != 4 }), task), part(left))
    }
    var best: (map: LinearMap, strength: Double, loss: Double)?
    var map: LinearMap?
    for strength in strengths {
      let fitted = try tried.solve(strength: strength, start: map)
      map = fitted
      let loss = loss(fitted(others.x), others)
      if loss < best?.loss ?? .infinity { best = (fitted, strength, loss) }
    }
    guard let best else { throw ContractError("no linear map fits the labels: the losses are not finite") }
    return selection == nil ? try problem.solve(strength: best.strength, start: best.map) : best.map
  }

  /// Fits a classifier whose penalty has a given strength.
  ///
  /// - Parameters:
  ///   - x: The embeddings [M, D].
  ///   - labels: The class of each of them.
  ///   - classes: C.
  ///   - strength: The weight of the penalty, in units of the mean square of a centred embedding's length.
  ///   - weights: What each example counts, with a mean of 1. Default: 1.
  /// - Throws: `ComputeError` if an embedding is not finite.
  public static func classifier(
    _ x: Matrix, labels: [Int], classes: Int, strength: Double, weights: [Float]? = nil
  ) throws -> LinearMap {
    try LinearMap.logisticRegression(
      x, labels: labels, classes: classes, strength: strength * Problem.meanSquare(x), weights: weights)
  }

  /// Returns the mean cross-entropy of logits [M, C], that of each of them where several labels can apply, or the mean squared error of scores [M, 1].
  private static func loss(_ outputs: Matrix, _ examples: Examples) -> Double {
    let logs = outputs.columns == 1 ? outputs : Matrix(logSoftmax(outputs.tensor))
    let losses = examples.targets.enumerated().map { row, target -> Double in
      switch target {
      case .label(let label): -Double(examples.weights[row] * logs.values[row * logs.columns + label])
      case .labels: binary(outputs.row(row), target.row(outputs.columns))
      case .score(let score): pow(Double(outputs.values[row] - score), 2)
      }
    }
    return losses.reduce(0, +) / Double(losses.count)
  }

  /// Returns Σ ln(1 + e^z) − t·z.
  private static func binary(_ logits: ArraySlice<Float>, _ targets: [Float]) -> Double {
    zip(logits, targets).reduce(0) { sum, pair in
      let z = Double(pair.0)
      return sum + max(z, 0) + log1p(exp(-abs(z))) - z * Double(pair.1)
    }
  }

  /// The regression of one set of examples, for any strength.
  private struct Problem {
    private enum Kind {
      case logistic(x: Matrix, labels: [Int], weights: [Float]?, classes: Int, scale: Double)
      case several(x: Matrix, labelSets: [[Int]], classes: Int, scale: Double)
      case ridge(RidgeProblem, features: Int)
    }
    private let kind: Kind

    init(_ examples: Examples, _ task: TaskKind) throws {
      let x = examples.x
      var (labels, sets, scores) = ([Int](), [[Int]](), [Float]())
      for target in examples.targets {
        switch target {
        case .label(let label): labels.append(label)
        case .labels(let labels): sets.append(labels)
        case .score(let score): scores.append(score)
        }
      }
      switch task {
      case .regression:
        kind = .ridge(try RidgeProblem(x, Matrix(rows: scores.count, columns: 1, values: scores)), features: x.columns)
      case .multilabel:
        kind = .several(x: x, labelSets: sets, classes: task.outputs, scale: Self.meanSquare(x))
      case .classification:
        let weights = examples.weights.allSatisfy { $0 == 1 } ? nil : examples.weights
        kind = .logistic(x: x, labels: labels, weights: weights, classes: task.outputs, scale: Self.meanSquare(x))
      }
    }

    /// Returns the mean of ‖x − x̄‖², so that a strength means the same for embeddings of any length.
    static func meanSquare(_ x: Matrix) -> Double {
      let all = x.tensor
      let mean = all.sum(axis: 0) / Float(x.rows)
      return (all - mean).squared().sum(axis: 1).values.reduce(0) { $0 + Double($1) } / Double(x.rows)
    }

    func solve(strength: Double, start: LinearMap?) throws -> LinearMap {
      switch kind {
      case .logistic(let x, let labels, let weights, let classes, let scale):
        try LinearMap.logisticRegression(
          x, labels: labels, classes: classes, strength: strength * scale, weights: weights, start: start)
      case .several(let x, let sets, let classes, let scale):
        try LinearMap.logisticRegression(
          x, labelSets: sets, classes: classes, strength: strength * scale, start: start)
      // A ridge regression counts its strength in mean squares of one feature, of which an embedding's length has as many as
      // there are features.
      case .ridge(let problem, let features): try problem.solve(strength: strength * Double(features))
      }
    }
  }
}
