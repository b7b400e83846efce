import DistillCore
import DistillTraining

/// What a search has found.
package struct SearchOutcome: Sendable {
  /// The difference of the best trial to another one.
  package struct Rival: Sendable, Codable {
    package let trial: String
    /// The loss of the best trial minus that of this one.
    package let loss: MeanDifference
    /// The p-value times the number of comparisons from which this one was picked (Bonferroni), at most 1.
    package let correctedP: Double
    package var isToldApart: Bool { correctedP < 0.05 }
  }

  /// All trainings, the longest first, and among equally long ones the best first.
  package let results: [TrialResult]
  package let best: TrialResult
  /// The pipeline as written, and the next best trial if it is another one.
  package let rivals: [Rival]
  /// The number of trials beside the pipeline as written.
  package let tried: Int
  /// The number of held-out texts.
  package let count: Int

  /// Compares the trials that were trained for all of their epochs.
  ///
  /// - Parameter results: All trainings, with the pipeline as written among them.
  /// - Throws: `ContractError` if the pipeline as written has failed.
  package init(_ results: [TrialResult]) throws {
    self.results = Set(results.map(\.share)).sorted(by: >).flatMap { share -> [TrialResult] in
      let all = results.filter { $0.share == share }
      let ranked = HalvingSchedule.best(all.map { ($0.trial, $0.loss) }, all.count)
      return ranked.compactMap { trial in all.first { $0.trial == trial } } + all.filter { !ranked.contains($0.trial) }
    }
    let last = self.results.filter { $0.share == 1 && $0.loss != nil }
    guard let best = last.first, let written = last.first(where: { $0.trial == .asWritten }) else {
      throw ContractError("the pipeline as written has no held-out scores, so there is nothing to compare trials with")
    }
    let tried = Set(results.map(\.trial)).subtracting([.asWritten]).count
    (self.best, self.tried, count) = (best, tried, best.answers?.targets.count ?? 0)
    func rival(_ other: TrialResult, of comparisons: Int) throws -> Rival? {
      try best.difference(to: other).map {
        Rival(trial: other.trial.name, loss: $0, correctedP: min(1, $0.p * Double(comparisons)))
      }
    }
    // Any trial could have become the best, and any pair the best two.
    let next = last.dropFirst().first { $0.trial != .asWritten }
    rivals = try [
      best.trial == .asWritten ? nil : rival(written, of: tried),
      next.flatMap { try rival($0, of: best.trial == .asWritten ? tried : tried * (tried - 1) / 2) },
    ].compactMap { $0 }
  }
}
