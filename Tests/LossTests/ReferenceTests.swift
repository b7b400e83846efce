import DistillCore
import DistillCrossEntropy
import DistillRelationalKL
import DistillSupervisedContrastiveHead
import Testing

/// Values and gradients against PyTorch; cases by Scripts/fixtures/losses_parity.py.
struct ReferenceTests {
  private static let terms: [(name: String, term: any LossTerm, activation: Activation)] = [
    ("hard", HardCrossEntropy(), .logits),
    ("hard regression", HardCrossEntropy(), .logits),
    ("soft", SoftCrossEntropy(), .logits),
    ("soft 2 0.1", SoftCrossEntropy(hardWeight: 0.1, temperature: 2), .logits),
    ("soft regression", SoftCrossEntropy(temperature: 3), .logits),
    ("soft regression 0.1", SoftCrossEntropy(hardWeight: 0.1), .logits),
    ("hard partly", HardCrossEntropy(), .logits),
    ("hard regression partly", HardCrossEntropy(), .logits),
    ("soft 2 0.1 partly", SoftCrossEntropy(hardWeight: 0.1, temperature: 2), .logits),
    ("relational-kl 0.1", RelationalKL(), .embedding),
    ("relational-kl 0.1 without self", RelationalKL(excludeSelf: true), .embedding),
    ("relational-kl 1.0", RelationalKL(temperature: 1), .embedding),
    ("relational-kl 1.0 without self", RelationalKL(temperature: 1, excludeSelf: true), .embedding),
  ]
  private static let contrasts: [(name: String, temperature: Float)] = [
    ("supervised-contrastive 0.07", 0.07), ("supervised-contrastive 0.5", 0.5),
  ]

  @Test func everyReferenceIsUsed() throws {
    #expect(try LossReference().cases == Set(Self.terms.map(\.name) + Self.contrasts.map(\.name)))
  }

  @Test(arguments: terms.map(\.name)) func termEqualsPyTorch(_ name: String) throws {
    let reference = try LossReference()
    let (_, term, activation) = try #require(Self.terms.first { $0.name == name })
    var targets: [Target?] =
      name.contains("regression") ? try reference.scores.map { .score($0) } : try reference.classes.map { .label($0) }
    if name.contains("partly") { for row in [1, 3, 4] { targets[row] = nil } }
    let batch = TokenBatch(
      targets.map { _ in TokenSequence(ids: [0], typeIDs: [0]) }, targets: targets, examples: Array(targets.indices))
    try check(name, reference) { student in
      try term.loss(
        LossInputs(
          teacher: Response([activation: reference["\(name)/teacher"]]), student: Response([activation: student]),
          batch: batch))
    }
  }

  @Test(arguments: contrasts.map(\.name)) func contrastEqualsPyTorch(_ name: String) throws {
    let reference = try LossReference()
    let temperature = try #require(Self.contrasts.first { $0.name == name }).temperature
    try check(name, reference) { student in
      try #require(supervisedContrastiveLoss(student, classes: reference.classes, temperature: temperature))
    }
  }

  @Test func nothingToContrastIsNoLoss() throws {
    let embeddings = Tensor(normal: [3, 4], standardDeviation: 1, key: RandomKey(1))
    #expect(supervisedContrastiveLoss(embeddings, classes: [0, 1, 2], temperature: 0.1) == nil)
  }

  private func check(_ name: String, _ reference: LossReference, _ loss: (Tensor) throws -> Tensor) throws {
    let student = try reference["\(name)/student"].variable()
    let value = try loss(student)
    value.backward()
    let gradient = try #require(student.gradient).values
    let (expected, slopes) = (try reference["\(name)/loss"].scalar, try reference["\(name)/gradient"].values)
    // Some tens of numbers of size 10 are added and subtracted in Float32 (ε = 6e-8); the reference is exact to a rounding.
    let deviation = abs(value.scalar - expected) / max(abs(expected), 1)
    let largest = zip(gradient, slopes).map { abs($0 - $1) }.max() ?? .infinity
    let size = slopes.map(abs).max() ?? 0
    #expect(deviation < 2e-6, "value \(value.scalar), expected \(expected)")
    #expect(largest / size < 1e-5, "gradient off by \(largest) of \(size)")
  }
}
