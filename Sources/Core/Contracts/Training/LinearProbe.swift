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
    let best = try best(of: tried) { loss($0(others.x), others) }
    return selection == nil ? try problem.solve(strength: best.strength, start: best.map) : best.map
  }

  /// The result of ``refit(_:of:task:choosingOn:)``.
  public struct Refit: Sendable {
    /// The fitted map, or `nil` if the trained one is the better.
    public let map: LinearMap?
    /// The losses of the trained and of the fitted map on the examples that chose, or `nil` if there were none.
    public let losses: (trained: Double, fitted: Double)?
  }

  /// Fits a map anew to the embeddings that a training has ended with (Kirichenko et al. 2023, arXiv 2204.02937), and compares it with the
  /// map that was trained along.
  ///
  /// The losses are those with the temperature that is best for the outputs, or for scores with the best line, so that a map that is only
  /// too sure of itself is not taken for a worse one.
  ///
  /// - Parameters:
  ///   - examples: The examples of the training.
  ///   - trained: The map that was trained along.
  ///   - task: The task.
  ///   - selection: The examples that choose the strength of the penalty, and between both maps. Without them the map is fitted
  ///     with a strength of 10⁻⁴, or 10⁻³ for scores, and is the result.
  /// - Throws: `ComputeError` if an embedding is not finite.
  public static func refit(
    _ examples: Examples, of trained: LinearMap, task: TaskKind, choosingOn selection: Examples?
  ) throws -> Refit {
    let problem = try Problem(examples, task)
    guard let selection, !selection.targets.isEmpty else {
      return Refit(map: try problem.solve(strength: task == .regression ? 1e-3 : 1e-4, start: nil), losses: nil)
    }
    let best = try best(of: problem) { calibratedLoss($0(selection.x), selection) }
    let old = calibratedLoss(trained(selection.x), selection)
    return Refit(map: best.loss < old ? best.map : nil, losses: (old, best.loss))
  }

  /// Returns the solution of a problem with the least loss, of those with all strengths.
  private static func best(
    of problem: Problem, loss: (LinearMap) -> Double
  ) throws -> (map: LinearMap, strength: Double, loss: Double) {
    var best: (map: LinearMap, strength: Double, loss: Double)?
    var map: LinearMap?
    for strength in strengths {
      let fitted = try problem.solve(strength: strength, start: map)
      map = fitted
      let loss = loss(fitted)
      if loss < best?.loss ?? .infinity { best = (fitted, strength, loss) }
    }
    guard let best else { throw ContractError("no linear map fits the labels: the losses are not finite") }
    return best
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

  /// Returns the least loss of logits divided by a temperature 2^(−1), 2^(−7/8), … 2^3, or of scores on a line.
  private static func calibratedLoss(_ outputs: Matrix, _ examples: Examples) -> Double {
    if case .score = examples.targets[0] {
      return residual(outputs.values.map(Double.init), examples.targets.map { Double($0.row(1)[0]) })
    }
    return (-8...24).map { loss(Matrix(outputs.tensor * exp2(-Float($0) / 8)), examples) }.min() ?? .infinity
  }

  /// Returns the mean squared distance of y from the line over x, which does not fall, that is nearest to it.
  private static func residual(_ x: [Double], _ y: [Double]) -> Double {
    func centred(_ values: [Double]) -> [Double] {
      let mean = values.reduce(0, +) / Double(values.count)
      return values.map { $0 - mean }
    }
    func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let (x, y) = (centred(x), centred(y))
    let (covariance, spread) = (product(x, y), product(x, x))
    let explained = covariance > 0 && spread > 0 ? covariance * covariance / spread : 0
    return (product(y, y) - explained) / Double(y.count)
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
