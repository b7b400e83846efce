import DistillCore
import DistillTraining
import Foundation
import TestSupport
import Testing

struct LoopTests {
  @Test func dataOrderIsAPermutationThatSeedAndEpochDecide() throws {
    func epochs(seed: Int, phase: String = "phase") throws -> [[[Int]]] {
      let objective = try LeastSquares(examples: 11)
      try TrainingLoop().fit(objective, options: .small(epochs: 3, seed: seed), phase: phase)
      return (0..<3).map { epoch in objective.steps.filter { $0.epoch == epoch }.map(\.examples) }
    }
    let first = try epochs(seed: 5)
    for epoch in first {
      #expect(epoch.map(\.count) == [4, 4, 3])
      #expect(epoch.flatMap { $0 }.sorted() == Array(0..<11))
    }
    #expect(first[0] != first[1] && first[1] != first[2] && first[0] != first[2])
    #expect(try epochs(seed: 5) == first)
    #expect(try epochs(seed: 6)[0] != first[0])
    #expect(try epochs(seed: 5, phase: "another")[0] != first[0])
  }

  @Test func everyStepHasItsOwnNumberAndKey() throws {
    let objective = try LeastSquares()
    try TrainingLoop().fit(objective, options: .small(), phase: "phase")
    #expect(objective.steps.map(\.number) == Array(0..<9))
    #expect(Set(objective.steps.map(\.key)).count == 9)
    #expect(objective.observed == 9 + 3)
  }

  @Test func findsTheMinimumOfAConvexFunction() throws {
    let objective = try LeastSquares(examples: 32, noise: 0)
    var options = TrainingOptions.small(epochs: 100, batchSize: 8)
    (options.weightDecay, options.learningRateSchedule, options.clipNorm) = (0, .cosine, 0)
    let summary = try TrainingLoop().fit(objective, options: options, phase: "phase")
    #expect(summary.steps == 400 && summary.epochs == 100)
    for (found, wanted) in zip(objective.parameters[0]["weight"].value.values, LeastSquares.truth) {
      #expect(abs(found - wanted) < 1e-3)
    }
    #expect(abs(objective.parameters[1]["bias"].value.scalar) < 1e-3)
  }

  /// Adam's first step does not depend on the gradient's size, unless ε dwarfs it: then it is linear in it.
  @Test func clippingScalesTheWholeGradientToTheNorm() throws {
    func firstStep(clip: Float) throws -> (change: [Float], norm: Double) {
      let objective = try LeastSquares(examples: 4, factor: { _ in 1000 })
      var options = TrainingOptions.small(epochs: 1, learningRate: 1)
      (options.clipNorm, options.epsilon, options.weightDecay, options.warmup) = (clip, 1e8, 0, 0)
      var norm = 0.0
      let loop = TrainingLoop { if case .step(let record) = $0 { norm = record.gradientNorm } }
      try loop.fit(objective, options: options, phase: "phase")
      return (objective.parameters.flatMap { $0.parameters.flatMap(\.value.values) }, norm)
    }
    let (free, norm) = try firstStep(clip: 0)
    let (clipped, sameNorm) = try firstStep(clip: 1)
    #expect(norm > 100 && norm == sameNorm, "the norm is told as it was before clipping")
    for (a, b) in zip(free, clipped) {
      #expect(a != 0)
      #expect(abs(Double(b / a) * norm - 1) < 1e-4)
    }
  }

  @Test func aLossThatIsNotFiniteStopsBeforeTheStepIsTaken() throws {
    for bad in [Float.nan, .infinity] {
      let folder = try TemporaryFolder()
      let objective = try LeastSquares(factor: { $0 == 4 ? bad : 1 })
      let reference = try LeastSquares()
      _ = try TemporaryFolder().stop(after: 4, reference, .small())
      let error = #expect(throws: TrainingError.self) {
        try folder.loop().fit(objective, options: .small(), phase: "phase")
      }
      let text = "\(try #require(error))"
      #expect(text.contains("phase: ") && text.contains("step 5 of epoch 2") && text.contains("squared"))
      #expect(objective.values == reference.values)
      #expect(try folder.lines().count == 4 + 1)
      // Only the whole first epoch is there to go on from.
      #expect(try folder.checkpointFiles().map(\.lastPathComponent) == ["step-000000003.safetensors"])
    }
  }

  @Test func patienceEndsTheTrainingAndTheBestParametersAreKept() throws {
    let scores = [0.1, 0.3, 0.2, 0.3, 0.9]
    let objective = try LeastSquares(score: { scores[$0 - 1] })
    let reference = try LeastSquares(score: { scores[$0 - 1] })
    let summary = try TrainingLoop().fit(objective, options: .small(epochs: 5, patience: 2), phase: "phase")
    _ = try TemporaryFolder().stop(after: 6, reference, .small(epochs: 5, patience: 2))
    #expect(summary.epochs == 4 && summary.bestEpoch == 2, "an equal score is no better one")
    #expect(summary.scores == [Score(metric: "score", value: 0.3)])
    #expect(objective.values == reference.values)
  }

  @Test func withoutAValidationScoreTheLastParametersAreKept() throws {
    var notes: [String] = []
    let loop = TrainingLoop { if case .note(let note) = $0 { notes.append(note) } }
    let summary = try loop.fit(try LeastSquares(), options: .small(epochs: 3, patience: 1), phase: "phase")
    #expect(summary.bestEpoch == 3 && summary.scores.isEmpty)
    #expect(notes.count == 1 && notes.first?.contains("no epoch was scored") == true)
    try loop.fit(try LeastSquares(), options: .small(epochs: 3), phase: "phase")
    try loop.fit(try LeastSquares(score: { Double($0) }), options: .small(epochs: 3, patience: 1), phase: "phase")
    #expect(notes.count == 1)
  }

  @Test func nothingToLearnFromIsAnError() {
    #expect(throws: TrainingError.self) {
      try TrainingLoop().fit(try LeastSquares(examples: 0), options: .small(), phase: "phase")
    }
  }

  @Test func equalSeedsGiveEqualParametersAndOthersDoNot() throws {
    func trained(seed: Int) throws -> [[Float]] {
      let objective = try LeastSquares()
      try TrainingLoop().fit(objective, options: .small(seed: seed), phase: "phase")
      return objective.values
    }
    #expect(try trained(seed: 1) == trained(seed: 1))
    #expect(try trained(seed: 1) != trained(seed: 2))
  }

  @Test func metricsHoldALineForEveryStepAndEpoch() throws {
    let folder = try TemporaryFolder()
    try folder.loop().fit(try LeastSquares(score: { Double($0) }), options: .small(epochs: 2), phase: "phase")
    let lines = try folder.lines()
    #expect(lines.map { $0["event"] as? String } == ["step", "step", "step", "epoch", "step", "step", "step", "epoch"])
    #expect(lines.map { $0["step"] as? Int } == [1, 2, 3, 3, 4, 5, 6, 6])
    #expect(lines.map { $0["epoch"] as? Int } == [1, 1, 1, 1, 2, 2, 2, 2])
    for line in lines {
      #expect(line["phase"] as? String == "phase")
      #expect(Set((line["terms"] as? [String: Double] ?? [:]).keys) == ["squared", "memory"])
      #expect((line["loss"] as? Double)?.isFinite == true)
    }
    for line in lines where line["event"] as? String == "step" {
      #expect(line["learning_rate"] is Double && line["gradient_norm"] is Double)
    }
    let losses = lines.prefix(3).compactMap { $0["loss"] as? Double }
    let mean = try #require(lines[3]["loss"] as? Double)
    #expect(abs(losses.reduce(0, +) / 3 - mean) < 1e-12)
    #expect(lines[3]["scores"] as? [String: Double] == ["score": 1])
    #expect(lines[3]["is_best"] as? Bool == true)
  }
}
