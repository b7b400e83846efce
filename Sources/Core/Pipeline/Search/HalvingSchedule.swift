/// The rungs of a search by successive halving (Jamieson and Talwalkar 2016): many trials are trained for a small share of their epochs,
/// and the best of them for a larger one, until the last ones are trained for all.
package struct HalvingSchedule: Sendable, Equatable {
  package struct Rung: Sendable, Equatable {
    /// The number of trials that are trained.
    package let trials: Int
    /// The share of its epochs for which each is trained, 0 < share ≤ 1. It is 1 on the last rung.
    package let share: Double

    package init(trials: Int, share: Double) { (self.trials, self.share) = (trials, share) }
  }

  /// The seconds that one training takes.
  package struct Cost: Sendable, Equatable {
    /// What does not depend on the number of epochs.
    package let fixed: Double
    /// What a training of all epochs takes beside that.
    package let full: Double

    package init(fixed: Double, full: Double) { (self.fixed, self.full) = (fixed, full) }
    package func seconds(share: Double) -> Double { fixed + share * full }
    package func scaled(by factor: Double) -> Cost { Cost(fixed: fixed * factor, full: full * factor) }
  }

  package let rungs: [Rung]

  /// The number by which trials are divided, and epochs multiplied, from rung to rung.
  package static let factor = 3

  private init(_ rungs: [Rung]) { self.rungs = rungs }

  /// Chooses the rungs that try the most values within a time; of several, the ones with the fewest rungs, because a short training is a
  /// worse judge than a long one.
  ///
  /// - Parameters:
  ///   - trials: The largest number of trials, at least 1.
  ///   - seconds: The time.
  ///   - cost: What one training takes.
  ///   - rungs: The numbers of rungs to choose from, such as 1...3.
  ///   - jobs: The number of trials that are trained beside each other.
  /// - Returns: `nil` if not even one trial of the fewest rungs can be trained in that time.
  package init?(trials: Int, seconds: Double, cost: Cost, rungs: ClosedRange<Int>, jobs: Int = 1) {
    precondition(
      trials >= 1 && rungs.lowerBound >= 1 && jobs >= 1, "\(trials) trials, \(rungs) rungs, \(jobs) jobs")
    var best: HalvingSchedule?
    for count in rungs {
      let schedules = (1...trials).reversed().lazy.map { Self.divided($0, rungs: count) }
      let fitting = schedules.first { $0.seconds(cost, jobs: jobs) <= seconds }
      // A rung that no trial leaves, or that only one enters, tells nothing that the next one does not.
      guard let fitting, count == rungs.lowerBound || fitting.rungs[0].trials > fitting.rungs[1].trials else {
        continue
      }
      if fitting.rungs[0].trials > best?.rungs[0].trials ?? 0 { best = fitting }
    }
    guard let best else { return nil }
    self = best
  }

  private static func divided(_ trials: Int, rungs: Int) -> HalvingSchedule {
    var (trials, result): (Int, [Rung]) = (trials, [])
    var share = (1..<rungs).reduce(1.0) { share, _ in share / Double(factor) }
    for rung in 1...rungs {
      result.append(Rung(trials: trials, share: rung == rungs ? 1 : share))
      (trials, share) = (max(1, trials / factor), share * Double(factor))
    }
    return HalvingSchedule(result)
  }

  /// What the rungs train, in words.
  package var description: String {
    rungs.map { rung in
      let share = rung.share == 1 ? "all" : "1/\(Int((1 / rung.share).rounded()))"
      return "\(rung.trials) for \(share) of \(rung.trials == 1 ? "its" : "their") epochs"
    }.joined(separator: ", ")
  }

  /// The seconds that all rungs take.
  package func seconds(_ cost: Cost, jobs: Int = 1) -> Double {
    rungs.reduce(0) { $0 + Double(($1.trials + jobs - 1) / jobs) * cost.seconds(share: $1.share) }
  }

  /// Returns whether the time that is left suffices for one more trial on a rung, and for one on each later rung.
  package func hasTime(on rung: Int, seconds: Double, cost: Cost) -> Bool {
    seconds >= rungs[rung...].reduce(0) { $0 + cost.seconds(share: $1.share) }
  }

  /// Returns the trials with the smallest losses, the best first. A trial without a finite loss has failed and is never among them. Of
  /// equal losses, the one that comes first in `losses` is the better one.
  package static func best<ID>(_ losses: [(id: ID, loss: Double?)], _ count: Int) -> [ID] {
    losses.enumerated().compactMap { place, trial in
      trial.loss.flatMap { $0.isFinite ? (id: trial.id, loss: $0, place: place) : nil }
    }.sorted { ($0.loss, $0.place) < ($1.loss, $1.place) }.prefix(count).map(\.id)
  }
}
