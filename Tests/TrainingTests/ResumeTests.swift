import DistillCore
import DistillTraining
import Foundation
import TestSupport
import Testing

struct ResumeTests {
  /// 3 epochs of 3 steps; the second epoch scores best.
  private static let options = TrainingOptions.small()
  private static func objective() throws -> LeastSquares { try LeastSquares(score: { [0.1, 0.3, 0.2][$0 - 1] }) }

  private func uninterrupted() throws -> (values: [[Float]], lines: [NSDictionary]) {
    let folder = try TemporaryFolder()
    let objective = try Self.objective()
    try folder.loop().fit(objective, options: Self.options, phase: "phase")
    return (objective.values, try folder.lines())
  }

  @Test(arguments: 1...9) func aStoppedRunGoesOnAsIfNothingHadHappened(step: Int) throws {
    let folder = try TemporaryFolder()
    guard case .stopped(15, "phase", step) = try folder.stop(after: step, try Self.objective(), Self.options) else {
      Issue.record("was not stopped")
      return
    }
    let resumed = try Self.objective()
    var began: Int?
    let loop = try folder.loop(resumes: true) { if case .began(_, _, _, let step) = $0 { began = step } }
    let summary = try loop.fit(resumed, options: Self.options, phase: "phase")
    let reference = try uninterrupted()
    #expect(began == step && resumed.steps.count == 9 - step)
    #expect(resumed.values == reference.values)
    #expect(try folder.lines() == reference.lines)
    #expect(summary.bestEpoch == 2 && summary.steps == 9 && summary.epochs == 3)
  }

  @Test func aRunThatIsStoppedAgainAndAgainEndsTheSame() throws {
    let folder = try TemporaryFolder()
    _ = try folder.stop(after: 1, try Self.objective(), Self.options)
    for step in [2, 3, 5, 7] {
      let request = StopRequest()
      let loop = try folder.loop(resumes: true, stop: request) {
        if case .step(let record) = $0, record.step == step { request.stop(signal: 2) }
      }
      #expect(throws: TrainingError.self) { try loop.fit(try Self.objective(), options: Self.options, phase: "phase") }
    }
    let last = try Self.objective()
    try folder.loop(resumes: true).fit(last, options: Self.options, phase: "phase")
    let reference = try uninterrupted()
    #expect(last.values == reference.values)
    #expect(try folder.lines() == reference.lines)
  }

  @Test func aFinishedPhaseIsNotTrainedAgain() throws {
    let folder = try TemporaryFolder()
    try folder.loop().fit(try Self.objective(), options: Self.options, phase: "phase")
    let again = try Self.objective()
    let summary = try folder.loop(resumes: true).fit(again, options: Self.options, phase: "phase")
    let reference = try uninterrupted()
    #expect(again.steps.isEmpty && summary.bestEpoch == 2)
    #expect(again.values == reference.values)
    #expect(try folder.lines() == reference.lines)
  }

  /// A process that is killed outright saves nothing after the last end of an epoch.
  @Test(arguments: [2, 5]) func aKilledRunDoesNotLeaveItsLinesTwice(step: Int) throws {
    struct Killed: Error {}
    let folder = try TemporaryFolder()
    #expect(throws: TrainingError.self) {
      let dying = try LeastSquares(score: { [0.1, 0.3, 0.2][$0 - 1] }, factor: { $0 == step ? .nan : 1 })
      try folder.loop().fit(dying, options: Self.options, phase: "phase")
    }
    let resumed = try Self.objective()
    try folder.loop(resumes: true).fit(resumed, options: Self.options, phase: "phase")
    let reference = try uninterrupted()
    #expect(resumed.values == reference.values)
    #expect(try folder.lines() == reference.lines)
  }

  @Test func twoCheckpointsAreKept() throws {
    let folder = try TemporaryFolder()
    try folder.loop().fit(try Self.objective(), options: Self.options, phase: "phase")
    #expect(
      try folder.checkpointFiles().map(\.lastPathComponent) == [
        "step-000000006.safetensors", "step-000000009.safetensors",
      ])
  }

  enum Damage: CaseIterable { case truncated, empty, notACheckpoint }

  @Test(arguments: Damage.allCases) func aBrokenCheckpointIsPassedOverForTheOneBefore(_ damage: Damage) throws {
    let folder = try TemporaryFolder()
    _ = try folder.stop(after: 7, try Self.objective(), Self.options)
    let newest = try #require(try folder.checkpointFiles().last)
    var bytes = try Data(contentsOf: newest)
    switch damage {
    case .truncated: bytes.removeLast(5)
    case .empty: bytes = Data()
    case .notACheckpoint: bytes = Data("not a checkpoint at all".utf8)
    }
    try bytes.write(to: newest)

    var (notes, began): ([String], Int?) = ([], nil)
    let resumed = try Self.objective()
    let loop = try folder.loop(resumes: true) {
      if case .note(let text) = $0 { notes.append(text) }
      if case .began(_, _, _, let step) = $0 { began = step }
    }
    try loop.fit(resumed, options: Self.options, phase: "phase")
    #expect(began == 6)
    #expect(notes.count == 1 && notes[0].contains("step-000000007"))
    let reference = try uninterrupted()
    #expect(resumed.values == reference.values)
    #expect(try folder.lines() == reference.lines)
  }

  @Test func aCheckpointOfOtherSettingsIsRefused() throws {
    let folder = try TemporaryFolder()
    _ = try folder.stop(after: 4, try Self.objective(), Self.options)
    let before = try folder.checkpointFiles().map { try Data(contentsOf: $0) }
    for (options, data, difference) in [
      (TrainingOptions.small(seed: 9), "a", "options.phase.seed: 1 before, 9 now"),
      (Self.options, "b", "data: a before, b now"),
    ] {
      let error = #expect(throws: TrainingError.self) {
        try folder.loop(resumes: true, data: data).fit(
          try Self.objective(), options: options, phase: "phase")
      }
      #expect("\(try #require(error))".contains("other settings or data (\(difference))"))
    }
    #expect(try folder.checkpointFiles().map { try Data(contentsOf: $0) } == before)
  }

  @Test func withoutResumeOldCheckpointsAreRemoved() throws {
    let folder = try TemporaryFolder()
    _ = try folder.stop(after: 7, try Self.objective(), Self.options)
    _ = try folder.stop(after: 1, try Self.objective(), Self.options)
    #expect(try folder.checkpointFiles().map(\.lastPathComponent) == ["step-000000001.safetensors"])
  }
}
