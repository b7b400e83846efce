import Foundation

extension LinearMap {
  /// Fits a multinomial logistic regression.
  ///
  /// It minimises (1/M) Σᵢ −aᵢ ln softmax(W·xᵢ + b)[yᵢ] + strength/2 · ‖W‖² by L-BFGS, with weights aᵢ. The bias is not penalised. The C of
  /// scikit-learn's `LogisticRegression` multiplies the sum of the losses instead, so that strength = 1 / (C·M).
  ///
  /// A class without examples gets a bias that makes it improbable. The result depends on the arguments alone.
  ///
  /// - Parameters:
  ///   - x: The features [M, D] of M ≥ 1 examples. Rows of length 1 are a good scale for the usual strengths, 1e-6 to 1e-2.
  ///   - labels: The class of each example, 0 ..< `classes`.
  ///   - classes: C, the number of classes.
  ///   - strength: The weight of the penalty, 0 or more. With 0, the weights of separable classes have no finite optimum; they
  ///     grow until the gradient is small enough.
  ///   - weights: What the loss of each example counts, with a mean of 1. Default: 1.
  ///   - start: The map to begin with, such as that of a larger strength. Default: zero weights, and the logarithms of the
  ///     classes' shares as biases.
  /// - Returns: The map [D] → [C] from features to logits.
  /// - Throws: ``ComputeError`` if a feature is not finite.
  public static func logisticRegression(
    _ x: Matrix, labels: [Int], classes: Int, strength: Double, weights: [Float]? = nil,
    start: LinearMap? = nil
  ) throws -> LinearMap {
    try logisticRegression(
      x, labelSets: labels.map { [$0] }, classes: classes, strength: strength, isMultinomial: true, weights: weights,
      start: start)
  }

  /// Fits a logistic regression of each class against all others, where several classes or none can be right.
  ///
  /// It minimises (1/M) Σᵢ aᵢ Σⱼ −yᵢⱼ ln σ(zᵢⱼ) − (1 − yᵢⱼ) ln(1 − σ(zᵢⱼ)) + strength/2 · ‖W‖² with z = W·x + b, like
  /// ``logisticRegression(_:labels:classes:strength:weights:start:)`` otherwise.
  ///
  /// - `labelSets`: The classes of each example, each at most once.
  public static func logisticRegression(
    _ x: Matrix, labelSets: [[Int]], classes: Int, strength: Double, weights: [Float]? = nil, start: LinearMap? = nil
  ) throws -> LinearMap {
    try logisticRegression(
      x, labelSets: labelSets, classes: classes, strength: strength, isMultinomial: false, weights: weights,
      start: start)
  }

  private static func logisticRegression(
    _ x: Matrix, labelSets: [[Int]], classes: Int, strength: Double, isMultinomial: Bool, weights: [Float]?,
    start: LinearMap?
  ) throws -> LinearMap {
    precondition(labelSets.count == x.rows, "\(labelSets.count) labels for \(x.rows) rows")
    precondition(
      labelSets.allSatisfy { $0.allSatisfy { (0..<classes).contains($0) } }, "a label outside of 0 ..< \(classes)")
    precondition(weights.map { $0.count == x.rows } ?? true, "\(weights?.count ?? 0) weights for \(x.rows) rows")
    precondition(strength >= 0 && strength.isFinite, "a penalty of strength \(strength)")
    precondition(
      start.map { $0.weight.rows == classes && $0.weight.columns == x.columns } ?? true,
      "a start that maps to other classes or from other features")
    // With the bias free, centred features have the same optimum, and the problem is far better conditioned.
    let (centred, means) = try x.centred("features")
    let problem = LogisticProblem(
      centred, labelSets: labelSets, classes: classes, strength: strength, isMultinomial: isMultinomial,
      weights: weights)
    let values = minimised(from: problem.start(start, means: means)) { problem.lossAndGradient($0) }
    let weight = values.prefix(classes * x.columns).map { Float($0) }
    return LinearMap(
      weight: Matrix(rows: classes, columns: x.columns, values: weight),
      bias: (0..<classes).map { Float(values[weight.count + $0] - shift($0, weight, means)) })
  }

  /// Returns W·means of one class, by which the bias of centred features differs from that of the features themselves.
  fileprivate static func shift(_ output: Int, _ weight: [Float], _ means: [Float]) -> Double {
    zip(weight[output * means.count..<(output + 1) * means.count], means).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}

/// The objective of the regression as a function of W and b, one after the other, in double precision. The products are in Float32.
private struct LogisticProblem {
  private let x: Tensor
  private let isMultinomial: Bool
  /// [M, C], 1 for the classes of an example.
  private let targets: Tensor
  private let classes: Int
  private let strength: Double
  /// [M, 1], or `nil` if all are 1.
  private let weights: Tensor?

  init(
    _ x: Tensor, labelSets: [[Int]], classes: Int, strength: Double, isMultinomial: Bool, weights: [Float]?
  ) {
    self.weights = weights.map { Tensor($0, [labelSets.count, 1]) }
    (self.x, self.isMultinomial, self.classes, self.strength) = (x, isMultinomial, classes, strength)
    var targets = [Float](repeating: 0, count: labelSets.count * classes)
    for (row, labels) in labelSets.enumerated() { for label in labels { targets[row * classes + label] = 1 } }
    self.targets = Tensor(targets, [labelSets.count, classes])
  }

  func start(_ map: LinearMap?, means: [Float]) -> [Double] {
    if let map {
      return map.weight.values.map(Double.init)
        + map.bias.enumerated().map { Double($1) + LinearMap.shift($0, map.weight.values, means) }
    }
    let examples = Double(targets.shape[0])
    let biases = targets.sum(axis: 0).values.map { count -> Double in
      let share = (Double(count) + 0.5) / (examples + 1)  // neither 0 nor 1, so that the logarithms are finite
      return isMultinomial ? log(share) : log(share / (1 - share))
    }
    return [Double](repeating: 0, count: classes * means.count) + biases
  }

  func lossAndGradient(_ values: [Double]) -> (Double, [Double]) {
    let (rows, columns) = (x.shape[0], x.shape[1])
    let coefficients = values.prefix(classes * columns)
    let weight = Tensor(coefficients.map { Float($0) }, [classes, columns])
    let bias = Tensor(values.suffix(classes).map { Float($0) }, [classes])
    let logits = matmul(x, weight, transposeB: true) + bias
    let logs = isMultinomial ? logits.logSoftmax() : logits
    // The loss of a class is −t·ln p, or ln(1 + e^z) − t·z where each decides for itself.
    let rowLosses =
      (isMultinomial ? -(logs * targets) : softplus(logits) - logits * targets).sum(axis: 1).values
    let loss =
      zip(rowLosses, weights?.values ?? rowLosses.map { _ in 1 }).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      / Double(rows)
    let plain = (isMultinomial ? logs.exp() : sigmoid(logits)) - targets
    let errors = weights.map { plain * $0 } ?? plain
    let slopes = matmul(errors, x, transposeA: true).values
    let penalty = coefficients.reduce(0) { $0 + $1 * $1 } * strength / 2
    var gradient = zip(slopes, coefficients).map { Double($0) / Double(rows) + strength * $1 }
    gradient += errors.sum(axis: 0).values.map { Double($0) / Double(rows) }
    return (loss + penalty, gradient)
  }
}
