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

  /// A map is fitted anew where that has less loss on other examples, and not because the trained one is only too sure of itself.
  @Test func theBetterOfTheTrainedAndTheFittedMap() throws {
    let task = TaskKind.classification(labels: ["a", "b", "c"])
    func all(_ data: (x: Matrix, labels: [Int])) -> LinearProbe.Examples {
      (data.x, data.labels.map { .label($0) }, data.labels.map { _ in 1 })
    }
    let (training, others) = (all(examples(24, seed: 1)), all(examples(300, seed: 2)))
    func refit(_ trained: LinearMap, choosingOn selection: LinearProbe.Examples?) throws -> LinearProbe.Refit {
      try LinearProbe.refit(training, of: trained, task: task, choosingOn: selection)
    }
    // The directions in which the classes lie, with logits that are ten times too large: no regression on 24 examples finds them.
    let right = LinearMap(
      weight: Matrix(rows: 3, columns: 12, values: (0..<36).map { $0 / 12 == $0 % 12 ? 20 : 0 }), bias: [0, 0, 0])
    let kept = try refit(right, choosingOn: others)
    let losses = try #require(kept.losses)
    #expect(kept.map == nil && losses.trained < losses.fitted, "\(losses)")
    // Without the temperature it would be worse than what is fitted.
    #expect(loss(right, examples(300, seed: 2)) > losses.fitted)

    let wrong = LinearMap(
      weight: Matrix(rows: 3, columns: 12, values: right.weight.values.reversed()), bias: [0, 0, 0])
    let fitted = try refit(wrong, choosingOn: others)
    #expect(try loss(#require(fitted.map), examples(300, seed: 2)) < 1)
    // With nothing to compare on, it is fitted in any case.
    #expect(try refit(right, choosingOn: nil).map != nil)
    #expect(try refit(right, choosingOn: nil).losses == nil)
  }

  /// Scores are compared by what is left of them beside the line that fits them best.
  @Test func scoresThatAreFittedAnew() throws {
    let (training, others) = (examples(30, seed: 3), examples(300, seed: 4))
    func all(_ data: (x: Matrix, labels: [Int])) -> LinearProbe.Examples {
      (data.x, data.labels.map { .score(Float($0)) }, data.labels.map { _ in 1 })
    }
    let best = try LinearProbe.fit(all(others), task: .regression)
    // Twice the scores and three more, of a map that is better than what thirty examples give.
    let stretched = LinearMap(
      weight: Matrix(rows: 1, columns: 12, values: best.weight.values.map { 2 * $0 }), bias: [2 * best.bias[0] + 3])
    let kept = try LinearProbe.refit(all(training), of: stretched, task: .regression, choosingOn: all(others))
    #expect(kept.map == nil)
    let falling = LinearMap(
      weight: Matrix(rows: 1, columns: 12, values: best.weight.values.map { -$0 }), bias: [0])
    let fitted = try LinearProbe.refit(all(training), of: falling, task: .regression, choosingOn: all(others))
    // A line that falls is none: such a map explains nothing of a variance of 2/3.
    #expect(abs(try #require(fitted.losses).trained - 2.0 / 3) < 0.01 && fitted.map != nil)
  }
}
