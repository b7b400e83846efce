import DistillFormats
import DistillTensor
import Foundation
import Testing

/// Regressions against those of scikit-learn.
@Suite struct RegressionTests {
  private let file: SafetensorsReader

  init() throws {
    let url = try #require(
      Bundle.module.url(forResource: "regression", withExtension: "safetensors", subdirectory: "Fixtures"))
    file = try SafetensorsReader(url)
  }

  private func matrix(_ name: String) throws -> Matrix {
    let shape = try #require(file.tensors[name]).shape
    return Matrix(rows: shape[0], columns: shape[1], values: try file.floats(named: name))
  }

  private func largest(_ a: Matrix, _ b: Matrix) -> Float { zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0 }

  private func noise(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Matrix {
    Matrix(Tensor(normal: [rows, columns], standardDeviation: 1, key: RandomKey(seed)))
  }

  @Test(arguments: [("0.1", 0.1), ("10", 10), ("1000", 1000)])
  func logisticRegressionHasThatOfScikitLearnsProbabilities(_ name: String, _ c: Double) throws {
    let (x, labels) = (try matrix("x"), try file.integers(named: "labels").map(Int.init))
    let map = try LinearMap.logisticRegression(x, labels: labels, classes: 7, strength: 1 / (c * Double(x.rows)))
    let probabilities = Matrix(map(try matrix("queries")).tensor.softmax())
    #expect(try largest(probabilities, matrix("logistic/\(name)")) < 1e-3)
  }

  /// Each class against all others, as scikit-learn's LogisticRegression(C: 1/(0.05·12), tol: 1e-12) of each column.
  @Test func everyClassDecidesForItself() throws {
    let x: [[Float]] = [
      [2.04, -2.56, 0.42], [-0.57, -0.45, -0.22], [-2.02, -0.23, -0.87], [3.32, 0.23, -0.35], [-0.28, -0.67, -1.06],
      [-0.39, 0.48, -0.24], [0.96, -0.2, 0.02], [1.55, 0.55, -0.51], [-0.18, 0.54, 1.94], [-0.27, -0.24, 1.0],
      [-0.89, -0.29, 0.88], [0.58, 0.09, 0.67],
    ]
    let sets = [[], [], [1], [0], [], [0, 1], [0], [0], [0, 1], [1], [], [0, 1]]
    let map = try LinearMap.logisticRegression(
      Matrix(rows: 12, columns: 3, values: x.flatMap(\.self)), labelSets: sets, classes: 2, strength: 0.05)
    let expected: [Float] = [
      1.1535236812573486, 1.7331298770375765, 0.18537970622005306, -0.8351300555609815, 1.020614697450087,
      0.6957001752454417, 0.1482568741922684, -0.22258227681746204,
    ]
    // L-BFGS ends where the gradient is about 1e-6 of the loss; the weights are of size 1.
    for (a, b) in zip(map.weight.values + map.bias, expected) { #expect(abs(a - b) < 2e-3, "\(a) for \(b)") }
  }

  /// An example of weight n counts as n examples do.
  @Test func weightsAreAsCopies() throws {
    let x = Matrix(Tensor(normal: [30, 4], standardDeviation: 1, key: RandomKey(8)))
    let labels = (0..<30).map { $0 % 3 }
    let copies = (0..<30).flatMap { Array(repeating: $0, count: 1 + $0 % 4) }
    let mean = Float(copies.count) / 30
    let weighted = try LinearMap.logisticRegression(
      x, labels: labels, classes: 3, strength: 1e-2, weights: (0..<30).map { Float(1 + $0 % 4) / mean })
    let repeated = try LinearMap.logisticRegression(
      x.gathered(copies), labels: copies.map { labels[$0] }, classes: 3, strength: 1e-2)
    let (a, b) = (weighted(x).tensor.softmax().values, repeated(x).tensor.softmax().values)
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 })
    let plain = try LinearMap.logisticRegression(x, labels: labels, classes: 3, strength: 1e-2)(x).tensor.softmax()
      .values
    #expect(!zip(a, plain).allSatisfy { abs($0 - $1) < 1e-2 })
  }

  @Test func aStartChangesThePathAndNotTheMinimum() throws {
    let (x, labels) = (try matrix("x"), try file.integers(named: "labels").map(Int.init))
    func fit(_ strength: Double, from start: LinearMap? = nil) throws -> LinearMap {
      try .logisticRegression(x, labels: labels, classes: 7, strength: strength, start: start)
    }
    let (strong, weak) = (try fit(1e-2), try fit(1e-4))
    let warm = try fit(1e-4, from: strong)
    #expect(largest(Matrix(warm(x).tensor.softmax()), Matrix(weak(x).tensor.softmax())) < 2e-4)
    #expect(largest(Matrix(strong(x).tensor.softmax()), Matrix(weak(x).tensor.softmax())) > 0.1)
  }

  @Test func aClassWithoutExamplesIsImprobableAndChangesNoOther() throws {
    let (x, labels) = (try matrix("x"), try file.integers(named: "labels").map(Int.init))
    func probabilities(_ labels: [Int], _ classes: Int) throws -> Matrix {
      let map = try LinearMap.logisticRegression(x, labels: labels, classes: classes, strength: 1e-4)
      return Matrix(map(x).tensor.softmax())
    }
    let (without, with) = (try probabilities(labels, 7), try probabilities(labels.map { $0 < 3 ? $0 : $0 + 1 }, 8))
    for row in 0..<x.rows {
      let values = Array(with.row(row))
      #expect(values[3] < 1e-3)
      let others = values[..<3] + values[4...]
      #expect(zip(others, without.row(row)).allSatisfy { abs($0 - $1) < 1e-3 })
    }
  }

  @Test(arguments: [("0.001", 0.001), ("1", 1), ("100", 100)])
  func ridgeHasThePredictionsOfScikitLearns(_ name: String, _ alpha: Double) throws {
    let problem = try RidgeProblem(matrix("x"), matrix("targets"))
    let map = try problem.solve(strength: alpha / problem.scale)
    #expect(try largest(map(matrix("queries")), matrix("ridge/\(name)")) < 1e-5)
  }

  /// The residual of the normal equations is compared in double precision, on a size where work is divided between threads.
  @Test func largeRidgeFulfilsTheNormalEquations() throws {
    let independent = noise(1500, 300)
    let x = Matrix(independent.tensor + independent.tensor.columns(0..<1))  // all columns are correlated
    let y = noise(1500, 80, seed: 2)
    let problem = try RidgeProblem(x, y)
    let strength = 0.1
    let map = try problem.solve(strength: strength)
    let rest = zip(y.values, map(x).values).map { Double($0) - Double($1) }
    for (input, output) in [(0, 0), (299, 79), (150, 3), (7, 64)] {
      var (slope, mean) = (0.0, 0.0)
      for row in 0..<x.rows { mean += Double(x.values[row * 300 + input]) / Double(x.rows) }
      for row in 0..<x.rows { slope += (Double(x.values[row * 300 + input]) - mean) * rest[row * 80 + output] }
      let penalty = strength * problem.scale * Double(map.weight.values[output * 300 + input])
      #expect(abs(slope - penalty) < 1e-4 * problem.scale.squareRoot(), "\(input), \(output): \(slope), \(penalty)")
    }
  }

  @Test func constantFeaturesPredictTheMean() throws {
    let x = Matrix(rows: 4, columns: 2, values: [Float](repeating: 0.5, count: 8))
    let map = try RidgeProblem(x, Matrix(rows: 4, columns: 1, values: [1, 2, 3, 6])).solve(strength: 0.1)
    #expect(map == LinearMap(weight: Matrix(rows: 1, columns: 2, values: [0, 0]), bias: [3]))
  }

  @Test func numbersThatAreNotFiniteAreRefused() throws {
    let (x, y) = (Matrix(rows: 2, columns: 1, values: [1, .infinity]), Matrix(rows: 2, columns: 1, values: [0, 1]))
    #expect(throws: ComputeError.self) { try RidgeProblem(x, y) }
    #expect(throws: ComputeError.self) { try RidgeProblem(y, x) }
    #expect(throws: ComputeError.self) { try LinearMap.logisticRegression(x, labels: [0, 1], classes: 2, strength: 1) }
  }

  @Test func noResultDependsOnTheNumberOfThreads() throws {
    let (x, y) = (noise(700, 200), noise(700, 70, seed: 2))
    let labels = (0..<700).map { RandomKey(3).bits(UInt64($0)) }.map { Int($0 % 20) }
    func fitted(_ threads: Int) throws -> [LinearMap] {
      try Compute.$threads.withValue(threads) {
        [
          try RidgeProblem(x, y).solve(strength: 0.01),
          try .logisticRegression(x, labels: labels, classes: 20, strength: 1e-3),
        ]
      }
    }
    #expect(try fitted(1) == fitted(2))
  }
}
