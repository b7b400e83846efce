import DistillCore
import DistillPipeline
import Foundation
import Testing

/// The figures of scikit-learn over all pairs, which Scripts/fixtures/retrieval_diagnosis.py prints.
struct DiagnosisTests {
  private func waves(_ count: Int, phase: Double) -> Matrix {
    var values: [Float] = []
    for i in 0..<count {
      for j in 0..<5 {
        let wave = sin(Double(i) * 1.7 + Double(j) * 2.3 + phase)
        values.append(Float(wave + 0.8 * cos(Double(i % 3) * 2.1 + Double(j))))
      }
    }
    return Matrix(Tensor(values, [count, 5]).l2Normalised())
  }

  private func table(_ value: (Double, Double) -> Double) -> Matrix {
    let values = (0..<36).map { place in Float(value(Double(place / 3), Double(place % 3))) }
    return Matrix(rows: 12, columns: 3, values: values)
  }

  private func diagnosis(_ keys: Matrix, classes: [Int]) -> RetrievalDiagnosis {
    RetrievalDiagnosis(
      keys: keys, classes: classes, queries: waves(12, phase: 0.5), student: table { sin($0 * 2.9 + $1 * 1.3 + 1) },
      retrieved: table { cos($0 * 1.1 + $1 * 2.7) }, targets: (0..<12).map { $0 % 3 })
  }

  @Test func figuresAreThoseOfAllPairs() throws {
    let diagnosis = diagnosis(waves(30, phase: 0), classes: (0..<30).map { $0 % 3 })
    #expect(abs(try #require(diagnosis.varianceWithinClasses) - 0.60921964907845) < 1e-6)
    #expect(abs(try #require(diagnosis.cosineWithinClasses) - 0.32336324952705264) < 1e-6)
    #expect(abs(try #require(diagnosis.cosineBetweenClasses) + 0.19490635698491435) < 1e-6)
    #expect(diagnosis.disagreements == 7 && diagnosis.studentIsRight == 2 && diagnosis.retrievalIsRight == 3)
    #expect(abs(diagnosis.perfectArbitration - 7 / 12) < 1e-12 && abs(diagnosis.retrievalAlone - 5 / 12) < 1e-12)
    #expect(diagnosis.oneKeyPerClass == 1)
  }

  /// The area under the ROC curve is the share of pairs in the right order, where equal ones count half.
  @Test func areaUnderTheROCCurve() {
    let key = RandomKey(4)
    let values = (0..<60).map { Float(key.integer(below: 12, UInt64($0))) }
    let isPositive = (0..<60).map { key.child("kind").integer(below: 3, UInt64($0)) == 0 }
    var (right, pairs) = (0.0, 0.0)
    for (a, isA) in zip(values, isPositive) where isA {
      for (b, isB) in zip(values, isPositive) where !isB {
        right += a > b ? 1 : a == b ? 0.5 : 0
        pairs += 1
      }
    }
    #expect(abs((NoveltyDiagnosis.areaUnderROC(values, isPositive) ?? 0) - right / pairs) < 1e-12)
    #expect(NoveltyDiagnosis.areaUnderROC([1, 2], [true, true]) == nil)
    #expect(NoveltyDiagnosis.areaUnderROC([3, 1, 2], [true, false, false]) == 1)
  }

  @Test func whatHasNoPairsIsUndefined() {
    let one = diagnosis(waves(3, phase: 0), classes: [0, 1, 2])
    #expect(
      one.cosineWithinClasses == nil && one.cosineBetweenClasses != nil && (one.varianceWithinClasses ?? 1) < 1e-6)
    let same = waves(1, phase: 0).gathered([0, 0, 0])
    let collapsed = diagnosis(same, classes: [1, 1, 1])
    #expect(collapsed.varianceWithinClasses == nil && collapsed.cosineBetweenClasses == nil)
    #expect(abs((collapsed.cosineWithinClasses ?? 0) - 1) < 1e-6)
  }
}
