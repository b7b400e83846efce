/// The settings of the training loop.
public struct TrainingOptions: Configurable, Sendable {
  public var epochs = 3
  public var batchSize = 32
  public var microBatchSize: Int?
  public var learningRate: Float = 5e-5
  public var learningRateSchedule = LearningRateSchedule.linear
  public var warmup: Float = 0.1
  public var weightDecay: Float = 0.01
  public var beta1: Float = 0.9
  public var beta2: Float = 0.999
  public var epsilon: Float = 1e-8
  public var clipNorm: Float = 1
  public var patience: Int?
  public var seed: Int?

  public init() {}

  public init(epochs: Int, learningRate: Float) { (self.epochs, self.learningRate) = (epochs, learningRate) }

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("epochs", &epochs, in: .between(1, 1_000_000), "Passes over the training set.")
    visit("batch_size", &batchSize, in: .between(1, 1_000_000), "Sequences per step.")
    visit(
      "micro_batch_size", &microBatchSize, in: .atLeast(1),
      "Sequences that are in memory at once; the step's result stays that of the whole batch. Default: all.")
    visit("learning_rate", &learningRate, in: .positive, "Largest learning rate of AdamW.")
    visit("schedule", &learningRateSchedule, "How the learning rate falls after the warm-up.")
    visit("warmup", &warmup, in: .unit, "Share of the steps in which the learning rate rises from 0.")
    visit("weight_decay", &weightDecay, in: .nonNegative, "Decoupled weight decay; none on biases and LayerNorm.")
    visit("beta1", &beta1, in: .from(0, below: 1), "Decay of AdamW's first moment.")
    visit("beta2", &beta2, in: .from(0, below: 1), "Decay of AdamW's second moment.")
    visit("epsilon", &epsilon, in: .positive, "AdamW's ε.")
    visit("clip_norm", &clipNorm, in: .nonNegative, "Largest norm of the gradient; 0 turns clipping off.")
    visit("patience", &patience, in: .atLeast(1), "Stop after so many epochs without a better score. Default: never.")
    visit(
      "seed", &seed, in: .nonNegative,
      "Seed of shuffles, dropout and initial weights. Default: the pipeline's, which is 42 unless it says otherwise.")
  }
}
