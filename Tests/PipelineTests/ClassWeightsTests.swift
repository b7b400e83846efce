import DistillCore
import DistillPipeline
import Foundation
import Testing

/// Labels that count more or less than others, from the option to the loss.
@Suite struct ClassWeightsTests {
  private func pipeline(_ bench: Workbench, _ weights: String) throws -> Pipeline {
    try bench.pipeline(replacing: [("label: intent,", "label: intent, class_weights: \(weights),")])
  }

  private func bench() throws -> Workbench {
    let bench = try Workbench()
    let all = Workbench.intents(60, key: RandomKey(1)).split(separator: "\n")
    // Four of five texts about refunds are left out.
    let rows = all.enumerated().filter { !$0.element.hasSuffix("\trefund") || $0.offset % 5 == 0 }.map(\.element)
    try bench.write(rows.joined(separator: "\n") + "\n", to: "train.tsv")
    return bench
  }

  private func label(_ example: Example) -> Int { if case .label(let label)? = example.target { label } else { -1 } }

  private func weights(_ examples: [Example]) -> [Int: Set<Float>] {
    examples.reduce(into: [:]) { $0[label($1), default: []].insert($1.weight) }
  }

  /// The figures of scikit-learn's `compute_class_weight("balanced")` are M / (C · Mⱼ).
  @Test func balancedLabelsCountTheSameTogether() throws {
    let bench = try bench()
    let training = try pipeline(bench, "balanced").options.texts().training
    let counts = training.reduce(into: [Int: Int]()) { $0[label($1), default: 0] += 1 }
    #expect(Set(counts.values).count > 1)
    for (label, found) in weights(training) {
      let expected = Float(training.count) / Float(counts.count * (counts[label] ?? 0))
      #expect(found.count == 1 && abs((found.first ?? 0) - expected) < 1e-5)
    }
    let even = try bench.pipeline().options.texts().training
    #expect(even.allSatisfy { $0.weight == 1 })
  }

  @Test func writtenWeightsAreScaledToAMeanOfOne() throws {
    let bench = try bench()
    let training = try pipeline(bench, "{refund: 3}").options.texts().training
    let mean = training.reduce(0) { $0 + $1.weight } / Float(training.count)
    let found = weights(training).mapValues { $0.first ?? 0 }
    let refund = found[Workbench.labels.firstIndex(of: "refund") ?? -1] ?? 0
    let others = found.filter { $0.value != refund }
    #expect(abs(mean - 1) < 1e-5 && others.count == 2 && others.allSatisfy { abs(refund / $0.value - 3) < 1e-5 })
  }

  /// A label of no weight is not learnt, by teacher, student and regression.
  @Test func whatCountsNothingIsNotLearnt() throws {
    let bench = try Workbench()
    let report = try bench.run(pipeline(bench, "{refund: 0}"), into: "tiny")
    let even = try bench.run(bench.pipeline(), into: "even")
    func recall(_ report: Report) -> Double? {
      report.findings?.classes.first?.classes.first { $0.name == "refund" }?.recall
    }
    let much = try bench.run(pipeline(bench, "{refund: 9}"), into: "much")
    #expect(recall(report) == 0 && recall(much) ?? 0 > 0.3)
    for name in ["teacher", "logistic regression, all 3 layers"] {
      func score(_ report: Report) -> Double? { report.rows.first { $0.name == name }?.scores.first?.value }
      #expect(try #require(score(report)) < #require(score(even)), "\(name)")
    }
  }

  @Test func impossibleWeightsAreMistakesOfTheFile() throws {
    let bench = try Workbench()
    func message(_ weights: String) -> String {
      do {
        _ = try pipeline(bench, weights)
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      message("{refunds: 2}").contains("there is no label `refunds`") && message("{refunds: 2}").contains("refund?"))
    #expect(message("{refund: -1}").contains("not negative"))
    #expect(message("even").contains("`balanced`"))
    #expect(message("balanced, multilabel: true").contains("thresholds instead"))
  }
}
