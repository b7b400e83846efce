import DistillCore
import DistillTraining
import Foundation

/// How one phase of the training went, for drawings.
package struct LearningCurves: Sendable, Codable {
  /// A figure over the steps.
  package struct Curve: Sendable, Codable {
    package let name: String
    package fileprivate(set) var steps: [Int]
    package fileprivate(set) var values: [Double]
  }
  /// A move of the schedule.
  package struct Move: Sendable, Codable {
    package let step: Int
    package let stage: String
  }

  /// What was trained: `student`, or a part of the teacher.
  package private(set) var phase: String
  /// The loss and each of its terms, unweighted, as means over neighbouring steps.
  package let losses: [Curve]
  package let learningRate: Curve
  /// The scores at the end of the epochs.
  package let scores: [Curve]
  package let moves: [Move]

  /// The number of points of a curve at most.
  static let most = 200

  /// Reads the curves of all phases from `metrics.jsonl`, in the order in which they began.
  ///
  /// - Throws: `FormatError` if the file cannot be read.
  package static func read(_ file: URL) throws -> [LearningCurves] {
    var phases: [String] = []
    var (steps, epochs, moves) = ([String: [StepRecord]](), [String: [EpochRecord]](), [String: [Move]]())
    for record in try MetricsLog.records(in: file) {
      switch record {
      case .step(let step):
        if steps[step.phase] == nil { phases.append(step.phase) }
        steps[step.phase, default: []].append(step)
      case .epoch(let epoch): epochs[epoch.phase, default: []].append(epoch)
      case .stage(let move): moves[move.phase, default: []].append(Move(step: move.step, stage: move.stage))
      }
    }
    return phases.map { LearningCurves($0, steps[$0] ?? [], epochs[$0] ?? [], moves[$0] ?? []) }
  }

  /// The name of the file with the curves of a teacher's training in its folder.
  static let fileName = "curves.json"

  /// Reads the curves of a part of a teacher, whose phases have `label` at their ends, and leaves the label out.
  static func read(_ file: URL, labelled label: String) throws -> [LearningCurves] {
    try read(file).filter { $0.phase.hasSuffix(label) }.map { curves in
      var curves = curves
      curves.phase.removeLast(label.count)
      return curves
    }
  }

  static func write(_ curves: [LearningCurves], to file: URL) throws {
    try AtomicFile.write(JSONEncoder.pretty.encode(curves), to: file)
  }

  /// Reads the curves of a run's own phases, after those of a teacher that another run has trained.
  ///
  /// - Throws: `FormatError` if a file cannot be read.
  static func all(of run: RunFolder) throws -> [LearningCurves] {
    let own = try read(run.metrics)
    let file = run.teacher.appending(path: fileName)
    guard FileManager.default.fileExists(atPath: file.path) else { return own }
    let teacher: [LearningCurves]
    do { teacher = try JSONDecoder.snakeCase.decode([LearningCurves].self, from: FileSystem.contents(of: file)) } catch
    {
      throw FormatError(file: file, "is damaged: \(error)")
    }
    return teacher.filter { curves in !own.contains { $0.phase == curves.phase } } + own
  }

  private init(_ phase: String, _ steps: [StepRecord], _ epochs: [EpochRecord], _ moves: [Move]) {
    (self.phase, self.moves) = (phase, moves)
    /// Means over groups of neighbouring steps in which the figure is there.
    func curve(_ name: String, _ value: (StepRecord) -> Double?) -> Curve {
      var curve = Curve(name: name, steps: [], values: [])
      let group = (steps.count + Self.most - 1) / Self.most
      for start in stride(from: 0, to: steps.count, by: max(1, group)) {
        let values = steps[start..<min(start + group, steps.count)].compactMap(value).filter(\.isFinite)
        if values.isEmpty { continue }
        curve.steps.append(steps[min(start + group, steps.count) - 1].step)
        curve.values.append(values.reduce(0, +) / Double(values.count))
      }
      return curve
    }
    let terms = Set(steps.flatMap(\.terms.keys)).sorted { $0.localizedStandardCompare($1) == .orderedAscending }
    losses = [curve("loss") { $0.loss }] + (terms.count > 1 ? terms.map { term in curve(term) { $0.terms[term] } } : [])
    learningRate = curve("learning rate") { $0.learningRate }
    scores = Set(epochs.flatMap(\.scores.keys)).sorted().map { name in
      let own = epochs.filter { $0.scores[name] != nil }
      return Curve(name: name, steps: own.map(\.step), values: own.map { $0.scores[name] ?? 0 })
    }
  }
}
