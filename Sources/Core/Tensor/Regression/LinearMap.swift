/// A linear map of rows with a bias, x·Wᵀ + b.
///
/// It is fitted by ``logisticRegression(_:labels:classes:strength:weights:start:)``, whose outputs are logits, or by ``RidgeProblem``.
public struct LinearMap: Sendable, Equatable {
  /// W [outputs, inputs], the layout of PyTorch.
  public let weight: Matrix
  /// b, one number for each output.
  public let bias: [Float]

  /// Creates a map from W [outputs, inputs] and as many biases as outputs.
  public init(weight: Matrix, bias: [Float]) {
    precondition(bias.count == weight.rows, "\(bias.count) biases for \(weight.rows) outputs")
    (self.weight, self.bias) = (weight, bias)
  }

  /// Returns x·Wᵀ + b: x [M, inputs] → [M, outputs]. The product is in Float32, whatever ``Compute/precision`` is.
  public func callAsFunction(_ x: Matrix) -> Matrix {
    Matrix(matmul(x.tensor, weight.tensor, transposeB: true) + Tensor(bias, [bias.count]))
  }
}

extension Matrix {
  /// Returns the values with the mean of each column subtracted, [M, D], and the means.
  ///
  /// - Throws: ``ComputeError`` if a value is not finite.
  func centred(_ name: String) throws -> (values: Tensor, means: [Float]) {
    precondition(rows > 0 && columns > 0, "a regression on \(rows) rows of \(columns) columns")
    let all = tensor
    guard all.isFinite else { throw ComputeError("a regression on \(name) that are not all finite") }
    var sums = [Double](repeating: 0, count: columns)
    for row in 0..<rows { for (column, value) in self.row(row).enumerated() { sums[column] += Double(value) } }
    let means = sums.map { Float($0 / Double(rows)) }
    return (all - Tensor(means, [columns]), means)
  }
}
