/// Texts as token ids, with their targets: what batches are taken from.
public struct EncodedDataset: Sendable {
  public let sequences: [TokenSequence]
  public let targets: [Target]?

  public init(sequences: [TokenSequence], targets: [Target]?) {
    precondition(targets.map { $0.count == sequences.count } ?? true, "as many targets as sequences")
    (self.sequences, self.targets) = (sequences, targets)
  }

  public var count: Int { sequences.count }

  /// The examples of the given indices as one packed batch.
  public func batch(_ examples: some Collection<Int>) -> TokenBatch {
    TokenBatch(
      examples.map { sequences[$0] }, targets: targets.map { all in examples.map { all[$0] } },
      examples: Array(examples))
  }
}

/// One step of the loop: which examples, and the key of its randomness.
public struct Step: Sendable {
  public let epoch: Int
  /// Counted over all epochs, from 0.
  public let number: Int
  public let examples: [Int]
  public let key: RandomKey

  public init(epoch: Int, number: Int, examples: [Int], key: RandomKey) {
    (self.epoch, self.number, self.examples, self.key) = (epoch, number, examples, key)
  }
}

/// The loss of a step and its parts.
public struct StepFigures: Sendable {
  /// The weighted sum that was differentiated.
  public var loss: Double
  /// Each term's own value, unweighted, in order.
  public var terms: [(name: String, value: Double)]

  public init(loss: Double, terms: [(name: String, value: Double)]) { (self.loss, self.terms) = (loss, terms) }
}

/// A figure on the validation set; larger is better.
public struct Score: Sendable, Equatable, Codable {
  public let metric: String
  public let value: Double
  public init(metric: String, value: Double) { (self.metric, self.value) = (metric, value) }
}

/// What the one loop makes smaller.
public protocol Objective: AnyObject {
  /// What is trained.
  var parameters: [ParameterStore] { get }
  /// How many examples an epoch has.
  var exampleCount: Int { get }
  /// Adds the gradient of the mean loss over the step's examples to the parameters' gradients.
  func accumulateGradients(for step: Step) throws -> StepFigures
  /// Figures on the validation set, the one that selects the best first; empty where there is nothing to select by yet: an
  /// epoch without figures counts as better than all before.
  func evaluate() throws -> [Score]
  /// Called after every step, and again at the end of an epoch; tells when what is learnt changes.
  func observe(_ report: StepReport) -> StageMove?
  /// What it must remember to go on after a stop.
  var state: SchedulerState { get set }
}

extension Objective {
  public func evaluate() throws -> [Score] { [] }
  public func observe(_ report: StepReport) -> StageMove? { nil }
  public var state: SchedulerState {
    get { SchedulerState() }
    set {}
  }
}

/// How a training ended.
public struct TrainingSummary: Sendable {
  public let epochs: Int
  public let steps: Int
  /// Epoch of the parameters that were kept, counted from 1.
  public let bestEpoch: Int
  public let scores: [Score]
  public let seconds: Double

  public init(epochs: Int, steps: Int, bestEpoch: Int, scores: [Score], seconds: Double) {
    (self.epochs, self.steps, self.bestEpoch, self.scores, self.seconds) = (epochs, steps, bestEpoch, scores, seconds)
  }
}

/// The one loop, as seen by those who need something trained.
public protocol Trainer {
  /// Trains until the epochs are over and leaves the best parameters in place. `phase` names it in progress and files.
  @discardableResult
  func fit(_ objective: any Objective, options: TrainingOptions, phase: String) throws -> TrainingSummary

  /// Trains an encoder on the labels alone.
  @discardableResult
  func fineTune(
    _ encoder: any Trainable, on data: TaskData, options: TrainingOptions, phase: String
  ) throws -> TrainingSummary
}

/// A task's texts, encoded.
public struct TaskData: Sendable {
  public let task: TaskDefinition
  public let training: EncodedDataset
  public let validation: EncodedDataset?

  public init(task: TaskDefinition, training: EncodedDataset, validation: EncodedDataset?) {
    (self.task, self.training, self.validation) = (task, training, validation)
  }
}

/// What a teacher is given to prepare itself.
public struct Preparation {
  public let data: TaskData
  public let trainer: any Trainer
  public let key: RandomKey

  public init(data: TaskData, trainer: any Trainer, key: RandomKey) {
    (self.data, self.trainer, self.key) = (data, trainer, key)
  }
}
