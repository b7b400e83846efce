import DistillCore
import Foundation

/// A single training in progress: its place, and the best parameters so far.
final class PhaseRun {
  private let objective: any Objective
  private let options: TrainingOptions
  private let phase: String
  private let files: TrainingLoop.Files?
  private let observe: (TrainingEvent) -> Void
  private let order: DataOrder
  private let key: RandomKey
  private let optimisers: [AdamW]
  private let checkpoints: CheckpointFolder?
  private let started = ContinuousClock.now

  private var place: Checkpoint.Place
  private var best: [[Float]]
  private var saved = ContinuousClock.now

  init(
    _ objective: any Objective, options: TrainingOptions, key: RandomKey, phase: String, files: TrainingLoop.Files?,
    observe: @escaping (TrainingEvent) -> Void
  ) {
    (self.objective, self.options, self.phase, self.files, self.observe) = (objective, options, phase, files, observe)
    self.key = key
    order = DataOrder(examples: objective.exampleCount, batchSize: options.batchSize, key: key)
    optimisers = objective.parameters.map {
      AdamW(
        $0, beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon, weightDecay: options.weightDecay)
    }
    let name = TrainingLoop.folderName(ofPhase: phase)
    checkpoints = files.map { CheckpointFolder(folder: $0.checkpoints.appending(path: name)) }
    best = []
    place = Checkpoint.Place(
      phase: phase, provenance: Provenance(), step: 0, bestEpoch: 0, bestScores: [],
      epochsWithoutGain: 0, isFinished: false, objective: objective.state, lossSum: 0, termSums: [:],
      termCounts: [:])
  }

  private var totalSteps: Int { options.epochs * order.stepsPerEpoch }

  // MARK: resuming

  func resume() throws {
    guard let files, let checkpoints else { return }
    place.provenance = try Provenance(of: options, at: phase)
    place.provenance.merge(files.provenance)
    place.provenance["format.checkpoint"] = Checkpoint.format
    guard files.resumes else { return try checkpoints.removeAll() }
    guard
      let (checkpoint, file) = checkpoints.newest(
        of: objective.parameters, steps: totalSteps, skipped: { observe(.note("passed over: \($0)")) })
    else { return try files.metrics.rewind(phase: phase, toStep: 0) }
    let differences = place.provenance.differences(since: checkpoint.place.provenance)
    guard differences.isEmpty, checkpoint.place.phase == phase else {
      throw TrainingError.staleCheckpoint(file: file.path, phase: phase, differences: differences)
    }
    place = checkpoint.place
    best = checkpoint.best
    objective.state = place.objective
    for (i, store) in objective.parameters.enumerated() {
      store.snapshot = checkpoint.values[i]
      optimisers[i].restore(checkpoint.optimisers[i])
    }
    try files.metrics.rewind(phase: phase, toStep: place.step)
  }

  private func save() throws {
    guard let checkpoints else { return }
    place.objective = objective.state
    let values = objective.parameters.map(\.snapshot)
    try checkpoints.write(
      Checkpoint(
        place: place, values: values, best: best.isEmpty ? values : best, optimisers: optimisers.map(\.state)))
    saved = .now
  }

  /// Whether the end of an epoch is worth a checkpoint. A large one takes as long as several steps, and is only written every half
  /// a minute.
  private var isSaveDue: Bool {
    let numbers = objective.parameters.reduce(0) { $0 + $1.layout.extent }
    return place.isFinished || numbers < 1_000_000 || saved.secondsUntilNow >= 30
  }

  // MARK: the loop

  func train(until stop: StopRequest) throws {
    let perEpoch = order.stepsPerEpoch
    observe(.began(phase: phase, epochs: options.epochs, stepsPerEpoch: perEpoch, resumedAtStep: place.step))
    while !place.isFinished {
      let epoch = place.step / perEpoch
      let epochStarted = ContinuousClock.now
      let batches = order.batches(epoch: epoch)
      for index in place.step % perEpoch..<perEpoch {
        try step(batches[index], epoch: epoch)
        if let signal = stop.requested {
          // A resumed training begins with the next step, so the end of an epoch must be handled before stopping.
          if index + 1 == perEpoch { try endEpoch(epoch, since: epochStarted) }
          try save()
          throw TrainingError.stopped(signal: signal, phase: phase, step: place.step)
        }
      }
      try endEpoch(epoch, since: epochStarted)
    }
  }

  private func step(_ examples: [Int], epoch: Int) throws {
    let stepStarted = ContinuousClock.now
    for store in objective.parameters { store.clearGradients() }
    let figures = try objective.accumulateGradients(
      for: Step(epoch: epoch, number: place.step, examples: examples, key: key.child("step").child(place.step)))
    let norm = objective.parameters.map(\.gradientNorm).reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard figures.loss.isFinite && norm.isFinite else {
      let terms = figures.terms.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
      throw TrainingError.notFinite(
        phase: phase, epoch: epoch + 1, step: place.step + 1,
        figures: "loss \(figures.loss), gradient norm \(norm); \(terms)")
    }
    let scale = options.clipNorm > 0 ? min(1, options.clipNorm / (Float(norm) + 1e-6)) : 1
    let rate = options.learningRate * options.learningRateFactor(step: place.step, of: totalSteps)
    for optimiser in optimisers { optimiser.update(learningRate: rate, gradientScale: scale) }

    place.step += 1
    place.lossSum += figures.loss
    for (name, value) in figures.terms {
      place.termSums[name, default: 0] += value
      place.termCounts[name, default: 0] += 1
    }
    let terms = Dictionary(uniqueKeysWithValues: figures.terms.map { ($0.name, $0.value) })
    let record = StepRecord(
      phase: phase, epoch: epoch + 1, step: place.step, loss: figures.loss, terms: terms, learningRate: Double(rate),
      gradientNorm: norm, seconds: stepStarted.secondsUntilNow)
    try files?.metrics.write(.step(record))
    observe(.step(record))
    try report(terms, epoch: epoch, isEndOfEpoch: false)
  }

  private func report(_ figures: [String: Double], epoch: Int, isEndOfEpoch: Bool) throws {
    let progress = TrainingProgress(
      epoch: isEndOfEpoch ? epoch + 1 : epoch, step: place.step, stepsPerEpoch: order.stepsPerEpoch,
      totalSteps: totalSteps)
    let report = StepReport(progress: progress, isEndOfEpoch: isEndOfEpoch, figures: figures)
    guard let move = objective.observe(report) else { return }
    let record = StageRecord(phase: phase, epoch: epoch + 1, step: place.step, stage: move.stage, reason: move.reason)
    try files?.metrics.write(.stage(record))
    observe(.stage(record))
  }

  /// Evaluates, updates the best parameters, and writes a checkpoint if one is due.
  private func endEpoch(_ epoch: Int, since start: ContinuousClock.Instant) throws {
    let scores = try objective.evaluate()
    let isBest =
      switch (scores.first, place.bestScores.first) {
      case (let new?, let old?): new.value > old.value
      default: true
      }
    if isBest {
      (place.bestEpoch, place.bestScores, place.epochsWithoutGain) = (epoch + 1, scores, 0)
      best = objective.parameters.map(\.snapshot)
    } else {
      place.epochsWithoutGain += 1
    }
    let steps = Double(order.stepsPerEpoch)
    let means = Dictionary(
      uniqueKeysWithValues: place.termSums.map { ($0, $1 / Double(place.termCounts[$0] ?? 1)) })
    let record = EpochRecord(
      phase: phase, epoch: epoch + 1, step: place.step, loss: place.lossSum / steps, terms: means,
      scores: Dictionary(uniqueKeysWithValues: scores.map { ($0.metric, $0.value) }), isBest: isBest,
      seconds: start.secondsUntilNow)
    (place.lossSum, place.termSums, place.termCounts) = (0, [:], [:])
    let outOfPatience = options.patience.map { place.epochsWithoutGain >= $0 } ?? false
    place.isFinished = epoch + 1 >= options.epochs || outOfPatience
    try files?.metrics.write(.epoch(record))
    observe(.epoch(record))
    try report(means, epoch: epoch, isEndOfEpoch: true)
    if isSaveDue { try save() }
    Compute.trimMemory()  // batches of different lengths leave unused blocks of many sizes
  }

  /// Sets the parameters to those of the best epoch.
  func finish() -> TrainingSummary {
    for (store, values) in zip(objective.parameters, best) { store.snapshot = values }
    let seconds = started.secondsUntilNow
    if options.patience != nil, place.bestScores.isEmpty {
      observe(.note("\(phase): `patience` has stopped nothing, because no epoch was scored; set task.hold_out"))
    }
    observe(.ended(phase: phase, bestEpoch: place.bestEpoch, seconds: seconds))
    return TrainingSummary(
      epochs: place.step / order.stepsPerEpoch, steps: place.step, bestEpoch: place.bestEpoch, scores: place.bestScores,
      seconds: seconds)
  }
}

extension ContinuousClock.Instant {
  var secondsUntilNow: Double { duration(to: .now) / .seconds(1) }
}
