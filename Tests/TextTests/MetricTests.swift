import DistillText
import Testing

/// Expected values: scikit-learn 1.9.1 and scipy 1.17.1, the calls are in the comments.
@Suite struct MetricTests {
  private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }  // a few roundings of values near 1

  private func value(_ metric: Metric, _ predictions: [Int], _ targets: [Int]) -> Double {
    metric.value(predictions: predictions.map(Target.label), targets: targets.map(Target.label))
  }

  private func correlation(_ metric: Metric, _ predictions: [Float], _ targets: [Float]) -> Double {
    metric.value(predictions: predictions.map(Target.score), targets: targets.map(Target.score))
  }

  @Test func twoLabels() {
    let predictions = [1, 0, 1, 1, 0, 1, 0, 0, 1, 1]
    let targets = [1, 0, 0, 1, 0, 1, 1, 0, 1, 0]
    #expect(close(value(.accuracy, predictions, targets), 0.7))  // accuracy_score(t, p)
    #expect(close(value(.f1, predictions, targets), 0.7272727272727273))  // f1_score(t, p)
    #expect(close(value(.macroF1, predictions, targets), 0.696969696969697))  // f1_score(t, p, average="macro")
    #expect(close(value(.matthews, predictions, targets), 0.408248290463863))  // matthews_corrcoef(t, p)
  }

  @Test func manyLabels() {
    let predictions = [0, 2, 1, 1, 0, 2, 3, 0, 2, 1, 1, 0]
    let targets = [0, 1, 1, 2, 0, 2, 2, 0, 2, 1, 0, 4]
    #expect(close(value(.accuracy, predictions, targets), 0.5833333333333334))
    #expect(close(value(.macroF1, predictions, targets), 0.37857142857142856))
    #expect(close(value(.matthews, predictions, targets), 0.43137254901960786))
  }

  @Test func correlationsWithTies() {
    let predictions: [Float] = [0.5, 2.25, 2.25, -1, 4.75, 3.5, 0, 2.25]
    let targets: [Float] = [1, 2.5, 2, 0.25, 5, 5, 0.25, -3]
    #expect(close(correlation(.pearson, predictions, targets), 0.6077610705936323))  // pearsonr(p, t)[0]
    #expect(close(correlation(.spearman, predictions, targets), 0.7407971974871923))  // spearmanr(p, t)[0]
  }

  @Test func whatIsNotDefinedIsZero() {
    for metric in Metric.allCases { #expect(metric.value(predictions: [], targets: []) == 0) }
    #expect(value(.f1, [0, 0], [0, 0]) == 0)
    #expect(value(.matthews, [1, 1], [0, 1]) == 0)
    #expect(correlation(.pearson, [1, 1], [0, 1]) == 0)
    #expect(correlation(.spearman, [1, 2], [3, 3]) == 0)
  }

  @Test func metricsSuitTheirTasks() {
    for name in TaskDefinition.names {
      for metric in TaskDefinition.named(name)?.metrics ?? [] {
        #expect(TaskDefinition.named(name).map { metric.suits($0.kind) } == true)
      }
    }
    #expect(!Metric.f1.suits(.classification(labels: ["a", "b", "c"])))
    #expect(!Metric.accuracy.suits(.regression))
    #expect(!Metric.pearson.suits(.classification(labels: ["a", "b"])))
  }

  @Test func severalLabelsOfAText() {
    let predictions: [[Int]] = [[0], [0, 2], [], [1], [1, 2], [2], [0, 1, 2], [3]]
    let targets: [[Int]] = [[0], [0, 1], [2], [1], [1, 2], [], [0, 2], [1]]
    func value(_ metric: Metric) -> Double {
      metric.value(predictions: predictions.map(Target.labels), targets: targets.map(Target.labels))
    }
    #expect(close(value(.microF1), 0.6666666666666666))  // f1_score(t, p, average="micro")
    #expect(close(value(.macroF1), 0.5357142857142857))  // f1_score(t, p, average="macro")
    #expect(close(value(.accuracy), 0.375))  // accuracy_score(t, p), of whole rows
  }
}
