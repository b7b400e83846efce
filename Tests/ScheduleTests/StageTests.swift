import DistillCore
import DistillLayerSchedules
import Testing

struct StageTests {
  static let map = [
    LayerPair(student: 1, teacher: 2), LayerPair(student: 2, teacher: 4), LayerPair(student: 3, teacher: 6),
  ]

  /// A training of epochs of 4 steps. `figure(step, layer)` is what the threshold's term says of a layer.
  struct Course {
    var schedule: any Scheduler
    /// Steps finished, stage reached, reason.
    var moves: [(step: Int, stage: String, reason: String)] = []
    var foci: [Focus] = []

    init(_ schedule: any Scheduler) { self.schedule = schedule }

    mutating func run(steps: Range<Int>, figure: (Int, Int) -> Double = { _, _ in 1 }) {
      var epoch: [Int: [Double]] = [:]
      for step in steps {
        let focus = schedule.focus(map)
        foci.append(focus)
        var figures = ["soft-cross-entropy": 0.0]
        for pair in map[focus.layerPairs] {
          figures["cls-cosine.\(pair.student)"] = figure(step, pair.student)
          epoch[pair.student, default: []].append(figure(step, pair.student))
        }
        observe(step + 1, step / 4, false, figures)
        if (step + 1) % 4 == 0 {
          let means = epoch.map { ("cls-cosine.\($0)", $1.reduce(0, +) / Double($1.count)) }
          observe(step + 1, step / 4 + 1, true, Dictionary(uniqueKeysWithValues: means))
          epoch = [:]
        }
      }
    }

    private mutating func observe(_ step: Int, _ epoch: Int, _ isEnd: Bool, _ figures: [String: Double]) {
      let progress = TrainingProgress(epoch: epoch, step: step, stepsPerEpoch: 4, totalSteps: 32)
      let report = StepReport(progress: progress, isEndOfEpoch: isEnd, figures: figures)
      if let move = schedule.observe(report, map) { moves.append((step, move.stage, move.reason)) }
    }
  }

  static func stages(
    threshold: Float? = nil, per judgement: StageJudgement = .epoch, epochs: Int = 1, classify: OutputStages = .atTheTop
  ) -> Stages {
    var stages = Stages()
    (stages.cosineThreshold, stages.judgedPer, stages.epochsPerLayer, stages.classify) =
      (threshold, judgement, epochs, classify)
    return stages
  }

  @Test func progressiveTakesOneLayerAtATime() {
    var course = Course(Progressive(Self.stages()))
    course.run(steps: 0..<16)
    #expect(course.moves.map(\.step) == [4, 8, 12])
    #expect(course.moves.map(\.stage) == ["layer 2", "layer 3", "outputs"])
    #expect(course.moves.allSatisfy { $0.reason == "1 epochs are used up" })
    let expected = [(0..<1, false), (1..<2, false), (2..<3, false), (0..<0, true)]
    #expect(course.foci == expected.flatMap { Array(repeating: Focus(layerPairs: $0.0, outputs: $0.1), count: 4) })
  }

  @Test func stackedKeepsTheLayersBelow() {
    var course = Course(Stacked(Self.stages(epochs: 2, classify: .always)))
    course.run(steps: 0..<28)
    #expect(course.moves.map(\.step) == [8, 16, 24])
    #expect(course.foci[7] == Focus(layerPairs: 0..<1, outputs: true))
    #expect(course.foci[8] == Focus(layerPairs: 0..<2, outputs: true))
    #expect(course.foci[23] == Focus(layerPairs: 0..<3, outputs: true))
    #expect(course.foci[24] == Focus(layerPairs: 0..<0, outputs: true))
  }

  /// A share is one of all steps, wherever epochs end.
  @Test func aShareOfTheStepsEndsTheStage() throws {
    var stages = Stages()
    stages.layersShare = 0.57  // eighteen of 32 steps
    var course = Course(Stacked(stages))
    course.run(steps: 0..<24)
    #expect(course.moves.map(\.step) == [6, 12, 18])
    #expect(course.moves.map(\.reason) == Array(repeating: "6 steps are used up", count: 3))
    #expect(course.foci[5] == Focus(layerPairs: 0..<1, outputs: false))
    #expect(course.foci[18] == Focus(layerPairs: 0..<0, outputs: true))

    // However large the share is, the outputs have a step.
    stages.layersShare = 0.99
    course = Course(Stacked(stages))
    course.run(steps: 0..<32)
    #expect(course.moves.map(\.step) == [10, 20, 30])

    // A part of a step is a step, so that no layer is left out.
    stages.layersShare = 0.001
    course = Course(Stacked(stages))
    course.run(steps: 0..<3)
    #expect(course.moves.map(\.step) == [1, 2, 3])

    let terms = ScheduledTerms(layerMap: Self.map, layerTerms: ["hidden-mse"], outputTerms: ["a"], epochs: 1)
    try Stacked(stages).check(terms)  // with an epoch for each layer, there would be none for the outputs
  }

  @Test func aStepBelowTheThresholdEndsTheStage() {
    var course = Course(Stacked(Self.stages(threshold: 0.1, per: .step, epochs: 2)))
    // Layer 1 falls below in step 2; layer 2 never does, and has two epochs from there; layer 3 is judged by its own figure.
    course.run(steps: 0..<16) { step, layer in layer == 1 && step >= 2 || layer == 3 && step == 13 ? 0.05 : 0.2 }
    #expect(course.moves.map(\.step) == [3, 11, 14])
    #expect(course.moves.map(\.stage) == ["layer 2", "layer 3", "outputs"])
    #expect(course.moves[0].reason == "cls-cosine.1 is 0.05, below 0.1")
    #expect(course.moves[1].reason == "2 epochs are used up")
  }

  @Test func anEpochIsJudgedByItsMean() {
    var course = Course(Progressive(Self.stages(threshold: 0.1, per: .epoch, epochs: 3)))
    // Layer 1: means 0.15 and 0.075. Single steps below the threshold do not count.
    course.run(steps: 0..<8) { step, _ in step < 4 ? [0.3, 0.2, 0.05, 0.05][step] : 0.075 }
    #expect(course.moves.map(\.step) == [8])
    #expect(course.moves[0].reason == "cls-cosine.1 is 0.075, below 0.1")
  }

  @Test func theThresholdIsNamedWhereBothComeTogether() {
    for judgement in StageJudgement.allCases {
      var course = Course(Progressive(Self.stages(threshold: 0.1, per: judgement)))
      course.run(steps: 0..<4) { step, _ in judgement == .epoch || step == 3 ? 0.01 : 0.5 }
      #expect(course.moves.map(\.step) == [4])
      #expect(course.moves[0].reason.hasPrefix("cls-cosine.1 is 0.01"))
    }
  }

  @Test func thresholdsThatAreHitAtOnceMoveUpStepByStep() {
    var course = Course(Progressive(Self.stages(threshold: 0.1, per: .step)))
    course.run(steps: 0..<6) { _, _ in 0 }
    #expect(course.moves.map(\.step) == [1, 2, 3])
    #expect(course.foci.map(\.outputs) == [false, false, false, true, true, true])
  }

  @Test func aFigureThatIsNotANumberIsNotBelow() {
    var course = Course(Progressive(Self.stages(threshold: 0.1, per: .step, epochs: 5)))
    course.run(steps: 0..<3) { _, _ in .nan }
    #expect(course.moves.isEmpty)
  }

  @Test(arguments: [1, 5, 6, 8, 11]) func itGoesOnFromItsState(step: Int) {
    func figure(_ step: Int, _ layer: Int) -> Double { step == 5 ? 0.01 : 0.5 }
    let stages = Self.stages(threshold: 0.1, per: .step, epochs: 1)
    var whole = Course(Stacked(stages))
    whole.run(steps: 0..<20, figure: figure)
    var first = Course(Stacked(stages))
    first.run(steps: 0..<step, figure: figure)
    var second = Course(Stacked(stages))
    second.schedule.state = first.schedule.state
    second.run(steps: step..<20, figure: figure)
    #expect(first.foci + second.foci == whole.foci)
    #expect((first.moves + second.moves).map(\.step) == whole.moves.map(\.step))
    #expect(whole.moves.map(\.step) == [4, 6, 10])
  }

  @Test func aForeignStateIsTheBeginning() {
    var schedule = Progressive(Self.stages())
    schedule.state = SchedulerState(["stage": .infinity, "steps": 0.5, "other": 3])
    #expect(schedule.focus(Self.map) == Focus(layerPairs: 0..<1, outputs: false))
  }

  @Test func logitsWaitForTheEmbeddings() {
    var course = Course(EmbeddingsFirst(epochs: 2))
    course.run(steps: 0..<12)
    #expect(course.moves.map(\.step) == [8] && course.moves.map(\.stage) == ["logits"])
    let expected = [false, false, true].map { Focus(layerPairs: 0..<3, outputs: true, logits: $0) }
    #expect(course.foci == expected.flatMap { Array(repeating: $0, count: 4) })
  }

  @Test(arguments: [
    (["a"], [], 3, "use"), ([], ["a"], 3, "use"), (["a", "b"], ["a", "b"], 3, "use"), (["a", "b"], ["b"], 2, "epochs"),
  ]) func embeddingsFirstRefuses(outputs: [String], logits: [String], epochs: Int, option: String) {
    let terms = ScheduledTerms(layerMap: [], layerTerms: [], outputTerms: outputs, logitTerms: logits, epochs: epochs)
    let error = #expect(throws: WiringError.self) { try EmbeddingsFirst(epochs: 2).check(terms) }
    #expect(error?.option == option)
  }

  @Test func simultaneousIsEverythingAlways() {
    var course = Course(Simultaneous())
    course.run(steps: 0..<8) { _, _ in 0 }
    #expect(course.moves.isEmpty)
    #expect(course.foci.allSatisfy { $0 == Focus(layerPairs: 0..<3, outputs: true) })
  }

  // MARK: pipelines that do not fit

  static let refusals: [(terms: ScheduledTerms, stages: Stages, option: String)] = [
    (ScheduledTerms(layerMap: map, layerTerms: [], outputTerms: ["a"], epochs: 9), stages(), "use"),
    (ScheduledTerms(layerMap: map, layerTerms: ["cls-cosine"], outputTerms: [], epochs: 9), stages(), "use"),
    (
      ScheduledTerms(layerMap: map, layerTerms: ["attention-kl"], outputTerms: ["a"], epochs: 9),
      stages(threshold: 0.1),
      "cosine_threshold"
    ),
    (
      ScheduledTerms(layerMap: map, layerTerms: ["cls-cosine"], outputTerms: ["a"], epochs: 6), stages(epochs: 2),
      "epochs_per_layer"
    ),
  ]

  @Test(arguments: refusals.indices) func refuses(_ index: Int) {
    let (terms, stages, option) = Self.refusals[index]
    for schedule in [Progressive(stages), Stacked(stages)] as [any Scheduler] {
      let error = #expect(throws: WiringError.self) { try schedule.check(terms) }
      #expect(error?.option == option)
    }
  }

  @Test func acceptsWhatCanReachTheTop() throws {
    let terms = ScheduledTerms(layerMap: Self.map, layerTerms: ["cls-cosine"], outputTerms: ["a"], epochs: 6)
    try Progressive(Self.stages(epochs: 1)).check(terms)
    try Progressive(Self.stages(threshold: 0.1, epochs: 2)).check(terms)
    try Stacked(Self.stages(epochs: 2, classify: .always)).check(terms)
  }
}
