import DistillCore
import Foundation
import TestSupport
import Testing

/// The regression that classifiers start from. The regressions themselves are compared with scikit-learn in TensorTests.
struct LinearProbeTests {
  /// Three classes around three points, with more noise than distance in most of the columns.
  private func examples(_ count: Int, seed: UInt64) -> (x: Matrix, labels: [Int]) {
    let width = 12
    let noise = Tensor(normal: [count, width], standardDeviation: 1, key: RandomKey(seed)).values
    let labels = (0..<count).map { $0 % 3 }
    let values = (0..<count * width).map { noise[$0] + ($0 % width == labels[$0 / width] ? 2 : 0) }
    return (Matrix(rows: count, columns: width, values: values), labels)
  }

  private func loss(_ map: LinearMap, _ data: (x: Matrix, labels: [Int])) -> Double {
    let logs = logSoftmax(map(data.x).tensor).picked(data.labels).values
    return -logs.reduce(0) { $0 + Double($1) } / Double(logs.count)
  }

  @Test func theStrengthHasTheSmallestLossOnOtherExamples() throws {
    let (training, others) = (examples(40, seed: 1), examples(300, seed: 2))
    func all(_ x: Matrix, _ labels: [Int]) -> LinearProbe.Examples {
      (x, labels.map { .label($0) }, labels.map { _ in 1 })
    }
    let task = TaskKind.classification(labels: ["a", "b", "c"])
    let map = try LinearProbe.fit(
      all(training.x, training.labels), task: task, choosingOn: all(others.x, others.labels))
    let losses = try [1e-5, 1e-3, 1e-1].map { strength in
      loss(
        try LinearMap.logisticRegression(training.x, labels: training.labels, classes: 3, strength: strength), others)
    }
    #expect(loss(map, others) <= (losses.min() ?? 0) * 1.05, "\(losses)")
    // Forty examples of twelve columns are fitted all too well without a penalty.
    #expect(loss(map, others) < 0.9 * (losses.first ?? 0), "\(losses)")

    // Without others, a fifth of the examples chooses, and all of them are fitted.
    let alone = try LinearProbe.fit(all(training.x, training.labels), task: task)
    #expect(loss(alone, others) < 0.9 * (losses.first ?? 0))
    // Embeddings of another length have the same answers.
    let scaled = Matrix(training.x.tensor * 7)
    let same = try LinearProbe.fit(all(scaled, training.labels), task: task)
    #expect(zip(same(scaled).values, alone(training.x).values).allSatisfy { abs($0 - $1) < 2e-2 })
    // What counts nothing might as well be missing.
    var weighted = all(training.x, training.labels)
    weighted.weights = training.labels.map { $0 == 2 ? 0 : 1.5 }
    let answers = try LinearProbe.fit(weighted, task: task)(others.x).tensor.rowArgmax()
    #expect(!answers.contains(2) && alone(others.x).tensor.rowArgmax().contains(2))
  }

  @Test func scoresAreFittedByRidgeRegression() throws {
    let (x, labels) = examples(60, seed: 3)
    let scores = labels.map { Target.score(Float($0)) }
    let map = try LinearProbe.fit((x, scores, scores.map { _ in 1 }), task: .regression)
    let errors = zip(map(x).values, labels).map { Double(($0 - Float($1)) * ($0 - Float($1))) }
    #expect(errors.reduce(0, +) / 60 < 0.4)  // the variance of the scores is 2/3
  }
}
