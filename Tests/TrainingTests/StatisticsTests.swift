import DistillCore
import DistillTraining
import Foundation
import Testing

/// Intervals and tests against those of scipy and statsmodels, which Scripts/fixtures/statistics.py prints.
struct StatisticsTests {
  @Test(arguments: [
    (0, 0, 1.0), (1, 0, 1.0), (5, 5, 1.0), (9, 5, 0.4239501953125), (66, 24, 1.0902049191089246e-05),
    (58, 23, 0.0001266111519644753), (0, 12, 0.00048828125), (1003, 1101, 0.034430673357953856), (4, 20_000, 0.0),
  ]) func mcNemarsTestIsThatOfScipy(gained: Int, lost: Int, p: Double) {
    #expect(abs(exactMcNemarTest(gained: gained, lost: lost) - p) <= 1e-9 * p)
    #expect(exactMcNemarTest(gained: lost, lost: gained) == exactMcNemarTest(gained: gained, lost: lost))
  }

  @Test(
    arguments: [
      ([1, 1, -1, 1, 0, 1, 1], 0.21875), ([3, -1, 2, 5, -4, 1, 0, 2, 2], 0.28125), ([2, 2, 2, -2], 0.625),
      ([5, 4, -1, 3, 3, 2, -2, 1, 1, 4], 0.03515625), ([], 1), ([0, 0], 1),
    ] as [([Int], Double)]) func signFlipsAreThoseOfScipy(differences: [Int], p: Double)
  {
    #expect(abs(exactSignFlipTest(differences) - p) < 1e-12)
  }

  /// With one seed, the test is McNemar's.
  @Test func signFlipsOfOneSeedAreMcNemarsTest() {
    for (gained, lost) in [(66, 24), (9, 5), (0, 12), (5, 5)] {
      let differences = [Int](repeating: 1, count: gained) + [Int](repeating: -1, count: lost) + [0, 0, 0]
      let p = exactMcNemarTest(gained: gained, lost: lost)
      #expect(abs(exactSignFlipTest(differences) - p) <= 1e-9 * p)
    }
  }

  /// Draws of signs estimate what counting them all gives, to three standard errors of 10,000 draws.
  @Test(arguments: [[1, 1, -1, 1, 0, 1, 1], [3, -1, 2, 5, -4, 1, 0, 2, 2], [5, 4, -1, 3, 3, 2, -2, 1, 1, 4]])
  func drawnSignsAreThoseThatAreCounted(differences: [Int]) {
    let exact = exactSignFlipTest(differences)
    let drawn = MeanDifference(differences.map { Double($0) / 10 }, key: RandomKey(1))
    #expect(abs(drawn.p - exact) < 3 * (exact * (1 - exact) / 10_000).squareRoot(), "\(drawn.p), \(exact)")
    #expect(abs(drawn.mean - Double(differences.reduce(0, +)) / Double(10 * differences.count)) < 1e-12)
    #expect(drawn.interval.low < drawn.mean && drawn.mean < drawn.interval.high)
  }

  @Test func noDifferenceIsChance() {
    #expect(MeanDifference([0, 0, 0], key: RandomKey(1)).p == 1)
    // More than 32 differences take more than one word of random bits: of 2⁴⁰ signs, two are as extreme as the same for all.
    #expect(MeanDifference([Double](repeating: 0.3, count: 40), key: RandomKey(1)).p == 1e-4)
  }

  /// The corrected values are those of statsmodels.
  @Test func holmsCorrection() {
    let corrected = holmCorrected([0.01, 0.04, 0.03, 0.005, 0.5, 0.04])
    for (value, expected) in zip(corrected, [0.05, 0.12, 0.12, 0.03, 0.5, 0.12]) {
      #expect(abs(value - expected) < 1e-12)
    }
    #expect(holmCorrected([]).isEmpty)
  }

  private let key = RandomKey(3)
  private func close(_ interval: ConfidenceInterval, _ low: Double, _ high: Double, within tolerance: Double) -> Bool {
    abs(interval.low - low) < tolerance && abs(interval.high - high) < tolerance
  }

  /// The bootstrap of a share draws from the binomial distribution.
  @Test func theIntervalOfAnAccuracyIsBinomial() {
    let targets = [Target](repeating: .label(1), count: 360)
    let predictions = (0..<360).map { Target.label($0 % 5 == 0 ? 0 : 1) }
    let interval = Metric.accuracy.interval(of: predictions, targets: targets, key: key)
    #expect(close(interval, 0.75833333, 0.84166667, within: 0.004))
    // The shortcut for accuracy draws what the general way draws: with one right class, this F1 is 2a/(1 + a).
    let f1 = Metric.f1.interval(of: predictions, targets: targets, key: key)
    #expect(close(f1, 2 * interval.low / (1 + interval.low), 2 * interval.high / (1 + interval.high), within: 1e-4))
  }

  @Test func intervalsOfPearsonsRAreThoseOfScipy() {
    let waves = (0..<200).map(Double.init)
    let x = waves.map { Target.score(Float(sin($0))) }
    let y = waves.map { Target.score(Float(sin($0) + cos(3 * $0))) }
    let z = waves.map { Target.score(Float(sin($0) + 2 * cos(7 * $0))) }
    #expect(close(Metric.pearson.interval(of: y, targets: x, key: key), 0.6442, 0.7555, within: 0.008))
    let difference = Metric.pearson.differenceInterval(of: y, against: z, targets: x, key: key)
    #expect(close(difference, 0.1422, 0.3681, within: 0.012))
    let none = Metric.pearson.differenceInterval(of: y, against: y, targets: x, key: key)
    #expect(none == Metric.pearson.differenceInterval(of: z, against: z, targets: x, key: key) && none.high == 0)
  }

  @Test func aKeyDecidesWhatIsDrawn() {
    let targets = (0..<50).map { Target.label($0 % 2) }
    let predictions = (0..<50).map { Target.label($0 % 3 == 0 ? 1 : 0) }
    func interval(_ seed: UInt64) -> ConfidenceInterval {
      Metric.matthews.interval(of: predictions, targets: targets, key: RandomKey(seed), resamples: 200)
    }
    #expect(interval(1) == interval(1) && interval(1) != interval(2))
  }
}
