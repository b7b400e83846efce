import DistillCore
import Foundation

/// Checks that a schedule does what every schedule must do:
///
/// ```swift
/// @Test func conforms() throws { try SchedulerConformance(MySchedule()).check() }
/// ```
///
/// The schedule goes through simulated trainings whose figures fall, rise and disappear. A ``ConformanceFailure`` says what it
/// did wrong. If a schedule stops the process in `checkForeignState()`, it uses a state that it has not checked.
public struct SchedulerConformance {
  private let schedule: any Scheduler
  private let terms: ScheduledTerms
  private let key: RandomKey
  private static let stepsPerEpoch = 4

  /// Creates the checks of a schedule.
  ///
  /// - Parameters:
  ///   - schedule: The schedule in its state before a training.
  ///   - terms: A pipeline that the schedule accepts.
  ///   - seed: The seed of the figures.
  public init(
    _ schedule: any Scheduler,
    terms: ScheduledTerms = ScheduledTerms(
      layerMap: (1...3).map { LayerPair(student: $0, teacher: 2 * $0) }, layerTerms: ["cls-cosine", "attention-kl"],
      outputTerms: ["soft-cross-entropy", "relational-kl"], logitTerms: ["soft-cross-entropy"], epochs: 10),
    seed: UInt64 = 1
  ) {
    (self.schedule, self.terms, key) = (schedule, terms, RandomKey(seed))
  }

  /// Performs all checks.
  ///
  /// - Throws: ``ConformanceFailure``, or any error of the schedule.
  public func check() throws {
    try schedule.check(terms)
    try checkFocus()
    try checkVerdicts()
    try checkResume()
    try checkForeignState()
  }

  /// Checks that the focus is a function of the layer map and the state, is within the map, always includes a term, and changes
  /// only when `observe` reports a change.
  package func checkFocus() throws { try checkCourse(of: schedule, terms) }

  /// Checks that the schedule always gives the same verdict on a pipeline, that it refuses with a `WiringError`, and that every
  /// pipeline that it accepts can be trained.
  package func checkVerdicts() throws {
    for map in [terms.layerMap, Array(terms.layerMap.prefix(1)), []] {
      let (layerTerms, onLogits) = (map.isEmpty ? [] : terms.layerTerms, terms.logitTerms)
      let others = terms.outputTerms.filter { !onLogits.contains($0) }
      for outputTerms in [terms.outputTerms, onLogits, others, []] where !(layerTerms + outputTerms).isEmpty {
        for epochs in [1, terms.epochs] {
          let other = ScheduledTerms(
            layerMap: map, layerTerms: layerTerms, outputTerms: outputTerms,
            logitTerms: outputTerms.filter(onLogits.contains), epochs: epochs)
          let what =
            "a pipeline of \(map.count) layers, \(epochs) epochs, and terms on outputs \(outputTerms), "
            + "of which \(other.logitTerms) read logits"
          let verdicts = try (0..<2).map { _ in
            try accepts(what, orThrows: WiringError.self) { try schedule.check(other) }
          }
          try require(verdicts[0] == verdicts[1], "\(what) is accepted once and refused once")
          if verdicts[0] { try checkCourse(of: schedule, other) }
        }
      }
    }
  }

  /// Checks that a schedule that gets the state of another from a checkpoint continues as the other would have.
  package func checkResume() throws {
    var whole = Course(schedule, terms, key)
    let steps = terms.epochs * Self.stepsPerEpoch
    whole.run(0..<steps)
    for cut in 0...steps {
      var first = Course(schedule, terms, key)
      first.run(0..<cut)
      var second = Course(schedule, terms, key)
      let data = try JSONEncoder().encode(first.schedule.state)
      second.schedule.state = try JSONDecoder().decode(SchedulerState.self, from: data)
      second.run(cut..<steps)
      try require(
        first.foci + second.foci == whole.foci, "after a stop at step \(cut) other terms count than without it")
      try require(
        first.moves + second.moves == whole.moves, "after a stop at step \(cut) it moves on otherwise than without it")
    }
  }

  /// Checks that a damaged state, or the state of another schedule, does not lead to a focus outside the layer map.
  package func checkForeignState() throws {
    var course = Course(schedule, terms, key)
    course.run(0..<Self.stepsPerEpoch)
    let own = course.schedule.state.values.keys
    for value in [Double.nan, .infinity, -.infinity, -1, 0.5, 1e18, .greatestFiniteMagnitude] {
      var foreign = schedule
      foreign.state = SchedulerState(["somebody else's": value])
      try checkCourse(of: foreign, terms)
      for name in own {
        foreign = schedule
        foreign.state.values[name] = value
        try checkCourse(of: foreign, terms)
      }
    }
  }

  private func checkCourse(of schedule: any Scheduler, _ terms: ScheduledTerms) throws {
    let before = schedule.state
    var course = Course(schedule, terms, key)
    for step in 0..<terms.epochs * Self.stepsPerEpoch {
      let state = course.schedule.state
      let focus = course.schedule.focus(terms.layerMap)
      try require(
        course.schedule.focus(terms.layerMap) == focus && course.schedule.state.bits == state.bits,
        "asked again in step \(step), it gives another focus or has another state")
      try require(
        focus.layerPairs.lowerBound >= 0 && focus.layerPairs.upperBound <= terms.layerMap.count,
        "in step \(step) the pairs \(focus.layerPairs) of \(terms.layerMap.count) count")
      try require(
        !focus.layerPairs.isEmpty || !Self.outputTerms(terms, in: focus).isEmpty, "in step \(step) no term counts")
      let moves = course.moves.count
      course.run(step..<step + 1)
      if course.schedule.focus(terms.layerMap) != focus {
        try require(course.moves.count > moves, "after step \(step) other terms count, and `observe` did not say so")
      }
    }
    try require(schedule.state.bits == before.bits, "a copy's training changes the state of the original")
  }

  /// Returns the names of the terms on outputs that are part of the loss.
  private static func outputTerms(_ terms: ScheduledTerms, in focus: Focus) -> [String] {
    focus.outputs ? terms.outputTerms.filter { focus.logits || !terms.logitTerms.contains($0) } : []
  }

  /// A simulated training whose figures depend only on the step.
  private struct Course {
    var schedule: any Scheduler
    var foci: [Focus] = []
    var moves: [StageMove] = []
    private let terms: ScheduledTerms
    private let key: RandomKey

    init(_ schedule: any Scheduler, _ terms: ScheduledTerms, _ key: RandomKey) {
      (self.schedule, self.terms, self.key) = (schedule, terms, key)
    }

    mutating func run(_ steps: Range<Int>) {
      for step in steps {
        let focus = schedule.focus(terms.layerMap)
        foci.append(focus)
        observe(step, focus, isEndOfEpoch: false)
        if (step + 1) % stepsPerEpoch == 0 { observe(step, focus, isEndOfEpoch: true) }
      }
    }

    /// Reports figures of the terms in the focus, which are between 0 and 1 and sometimes missing or NaN.
    private mutating func observe(_ step: Int, _ focus: Focus, isEndOfEpoch: Bool) {
      var names = outputTerms(terms, in: focus)
      for index in focus.layerPairs where terms.layerMap.indices.contains(index) {
        names += terms.layerTerms.map { "\($0).\(terms.layerMap[index].student)" }
      }
      var figures: [String: Double] = [:]
      for name in names {
        let random = abs(Double(key.child(name).normal(UInt64(step))))
        figures[name] = random > 2 ? nil : random < 0.05 ? .nan : min(random / 2, 1)
      }
      let progress = TrainingProgress(
        epoch: (step + (isEndOfEpoch ? 1 : 0)) / stepsPerEpoch, step: step + 1, stepsPerEpoch: stepsPerEpoch,
        totalSteps: terms.epochs * stepsPerEpoch)
      let report = StepReport(progress: progress, isEndOfEpoch: isEndOfEpoch, figures: figures)
      if let move = schedule.observe(report, terms.layerMap) { moves.append(move) }
    }
  }
}

extension SchedulerState {
  /// The bit patterns of the values. They are compared in place of the values, because NaN does not equal itself.
  fileprivate var bits: [String: UInt64] { values.mapValues(\.bitPattern) }
}
