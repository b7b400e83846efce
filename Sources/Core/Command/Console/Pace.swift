import DistillTraining

/// How far a training is, and how long the rest of it takes.
struct Pace {
  private(set) var epochs = 0
  private(set) var stepsPerEpoch = 0
  private var steps = 0
  private var seconds = 0.0
  private var secondsOfEpoch = 0.0

  /// The number of steps of the whole training, or 0 if it is not known.
  var total: Int { epochs * stepsPerEpoch }

  init() {}
  init(epochs: Int, stepsPerEpoch: Int) { (self.epochs, self.stepsPerEpoch) = (epochs, stepsPerEpoch) }

  mutating func add(_ record: StepRecord) {
    steps += 1
    seconds += record.seconds
    secondsOfEpoch += record.seconds
  }

  /// Adds what the end of an epoch took beside its steps, such as its evaluation.
  mutating func add(_ record: EpochRecord) {
    seconds += max(0, record.seconds - secondsOfEpoch)
    secondsOfEpoch = 0
  }

  /// Returns the seconds that the steps after this one take if they are as long as the steps so far.
  func secondsLeft(after step: Int) -> Double { seconds / Double(max(steps, 1)) * Double(max(total - step, 0)) }
}
