import DistillPipeline
import Testing

struct HalvingTests {
  private typealias Rung = HalvingSchedule.Rung
  /// A training of all epochs takes 90 seconds, and each training a second beside.
  private let cost = HalvingSchedule.Cost(fixed: 1, full: 90)

  private func schedule(
    _ trials: Int, seconds: Double, rungs: ClosedRange<Int> = 1...3, jobs: Int = 1
  ) -> HalvingSchedule? {
    HalvingSchedule(trials: trials, seconds: seconds, cost: cost, rungs: rungs, jobs: jobs)
  }

  @Test func everythingIsTrainedInFullIfThereIsTime() {
    #expect(schedule(4, seconds: 364)?.rungs == [Rung(trials: 4, share: 1)])
    #expect(schedule(1, seconds: 1000)?.rungs == [Rung(trials: 1, share: 1)])
  }

  @Test func lessTimeTriesAsMuchOnMoreRungs() throws {
    // Nine for 10 + 1 seconds, three for 30 + 1, one for 90 + 1.
    let least: Double = 9 * 11 + 3 * 31 + 91
    let three = try #require(schedule(9, seconds: least))
    #expect(three.rungs.map(\.trials) == [9, 3, 1] && three.rungs.map(\.share) == [1.0 / 9, 1.0 / 3, 1])
    #expect(abs(three.seconds(cost) - least) < 1e-9)
    #expect(three.description == "9 for 1/9 of their epochs, 3 for 1/3 of their epochs, 1 for all of its epochs")
    #expect(schedule(9, seconds: least - 0.001)?.rungs.map(\.trials) == [8, 2, 1])
    // Two of four rungs' epochs are enough for all: a short training is not judged by without need.
    #expect(schedule(4, seconds: 215)?.rungs.map(\.trials) == [4, 1])
    #expect(schedule(9, seconds: least, rungs: 1...1)?.rungs.map(\.trials) == [3])
    #expect(schedule(9, seconds: least, rungs: 2...2)?.rungs.map(\.trials) == [5, 1])
  }

  @Test func noTimeIsNoSchedule() {
    #expect(schedule(9, seconds: 91)?.rungs == [Rung(trials: 1, share: 1)])
    #expect(schedule(9, seconds: 90.9) == nil && schedule(9, seconds: -1) == nil)
  }

  @Test func jobsShareTheTime() {
    let two = schedule(5, seconds: 3 * 91, jobs: 2)
    #expect(two?.rungs == [Rung(trials: 5, share: 1)])
    #expect(two?.seconds(cost, jobs: 2) == 273)
  }

  @Test func aRungEndsWhileOneTrialCanReachTheLastRung() throws {
    let all = try #require(schedule(9, seconds: 283))
    #expect(all.rungs.map(\.trials) == [9, 3, 1])
    #expect(all.hasTime(on: 0, seconds: 11 + 31 + 91, cost: cost))
    #expect(!all.hasTime(on: 0, seconds: 132, cost: cost))
    #expect(all.hasTime(on: 1, seconds: 132, cost: cost) && all.hasTime(on: 2, seconds: 91, cost: cost))
    #expect(!all.hasTime(on: 2, seconds: 90, cost: cost))
    // They take twice as long as was foreseen.
    #expect(!all.hasTime(on: 2, seconds: 181, cost: cost.scaled(by: 2)))
    #expect(all.hasTime(on: 2, seconds: 182, cost: cost.scaled(by: 2)))
  }

  @Test func theBestAreTheFirstOfEqualsAndNeverFailed() {
    let losses: [(id: Int, loss: Double?)] = [
      (1, 0.5), (2, nil), (3, 0.4), (4, 0.5), (5, .nan), (6, 0.3), (7, .infinity),
    ]
    #expect(HalvingSchedule.best(losses, 3) == [6, 3, 1])
    #expect(HalvingSchedule.best(losses, 9) == [6, 3, 1, 4])
    #expect(HalvingSchedule.best([(1, nil), (2, .nan)] as [(id: Int, loss: Double?)], 2) == [])
  }
}
