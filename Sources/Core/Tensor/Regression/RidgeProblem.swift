/// A linear regression with a penalty on the weights, which is prepared once and solved for any number of strengths.
///
/// For features x and targets y with the column means x̄ and ȳ, W minimises
///   Σᵢ ‖yᵢ − ȳ − W·(xᵢ − x̄)‖² + λ·‖W‖²,
/// and the bias is ȳ − W·x̄ (Hoerl and Kennard 1970). The penalty has no unit: λ = strength · mean of the diagonal of XᵀX, where X
/// are the centred features. scikit-learn's `Ridge(alpha)` has λ = alpha.
public struct RidgeProblem: Sendable {
  private let inputs: Int
  private let inputMeans: [Float]
  private let outputMeans: [Float]
  /// XᵀX [inputs, inputs], and XᵀY [inputs, outputs].
  private let gram: [Double]
  private let cross: [Double]
  /// The λ of strength 1, which is also λ / `strength` of scikit-learn's alpha.
  public let scale: Double

  /// Prepares the normal equations.
  ///
  /// - Parameters:
  ///   - x: The features [M, inputs] of M ≥ 1 examples.
  ///   - y: The targets [M, outputs].
  /// - Throws: ``ComputeError`` if a number is not finite.
  public init(_ x: Matrix, _ y: Matrix) throws {
    precondition(x.rows == y.rows, "\(x.rows) rows of features for \(y.rows) of targets")
    let (x, inputMeans) = try x.centred("features")
    let (y, outputMeans) = try y.centred("targets")
    (inputs, self.inputMeans, self.outputMeans) = (inputMeans.count, inputMeans, outputMeans)
    gram = Self.product(x, x)
    cross = Self.product(x, y)
    let trace = inputMeans.indices.reduce(0) { [gram] in $0 + gram[$1 * inputMeans.count + $1] }
    scale = trace / Double(inputMeans.count)
  }

  /// Returns XᵀY. The products of some hundred rows are in Float32, and their sum is in double precision.
  private static func product(_ x: Tensor, _ y: Tensor) -> [Double] {
    var sum = [Double](repeating: 0, count: x.shape[1] * y.shape[1])
    for start in stride(from: 0, to: x.shape[0], by: 512) {
      let rows = start..<min(start + 512, x.shape[0])
      let part = matmul(x.rows(rows), y.rows(rows), transposeA: true).values
      for i in sum.indices { sum[i] += Double(part[i]) }
    }
    return sum
  }

  /// Returns the map of one strength.
  ///
  /// - Parameter strength: λ in units of the mean square of a centred feature, above 0.
  /// - Throws: ``ComputeError`` if the strength is so small that rounding makes the equations singular.
  public func solve(strength: Double) throws -> LinearMap {
    precondition(strength > 0 && strength.isFinite, "a penalty of strength \(strength)")
    var matrix = gram
    let penalty = scale > 0 ? strength * scale : 1  // constant features: any penalty gives weights of 0
    for i in 0..<inputs { matrix[i * inputs + i] += penalty }
    let outputs = outputMeans.count
    let solution = try Cholesky(matrix, size: inputs).solve(cross, columns: outputs)
    var (weight, bias) = ([Float](), [Float]())
    for output in 0..<outputs {
      let row = (0..<inputs).map { solution[$0 * outputs + output] }
      weight += row.map { Float($0) }
      bias.append(Float(zip(row, inputMeans).reduce(Double(outputMeans[output])) { $0 - $1.0 * Double($1.1) }))
    }
    return LinearMap(weight: Matrix(rows: outputs, columns: inputs, values: weight), bias: bias)
  }
}
