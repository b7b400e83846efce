/// AdamW: Adam with decoupled weight decay (Loshchilov and Hutter 2019), in the order of PyTorch's implementation.
///
/// θ ← θ(1 − ηλ); m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← θ − η·(m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε).
/// λ counts for parameters that decay only.
public final class AdamW {
  public let parameters: ParameterStore
  public let beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float
  /// Steps taken: t.
  public private(set) var step = 0
  private let first: Storage
  private let second: Storage

  public init(
    _ parameters: ParameterStore, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    weightDecay: Float = 0.01
  ) {
    self.parameters = parameters
    (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (beta1, beta2, epsilon, weightDecay)
    first = Storage(count: max(parameters.extent, 1))
    second = Storage(count: max(parameters.extent, 1))
    first.pointer.update(repeating: 0, count: parameters.extent)
    second.pointer.update(repeating: 0, count: parameters.extent)
  }

  /// One step along the gradients, each first multiplied by `gradientScale` (clipping).
  public func update(learningRate: Float, gradientScale: Float = 1) {
    step += 1
    let corrections = (Float(1 - Self.power(beta1, step)), Float(1 - Self.power(beta2, step)))
    for run in runs {
      Compute.parallel(run.range.count, grain: 65_536) { part in
        let start = run.range.lowerBound + part.lowerBound
        kernels.adamw(
          parameters.values.pointer + start, parameters.gradients.pointer + start, first.pointer + start,
          second.pointer + start, part.count, learningRate, beta1, beta2, epsilon, run.decays ? weightDecay : 0,
          corrections.0, corrections.1, gradientScale)
      }
    }
  }

  /// Stretches of the arena that are treated alike. The gaps between have no gradient and stay zero.
  private lazy var runs: [(range: Range<Int>, decays: Bool)] = {
    var runs: [(range: Range<Int>, decays: Bool)] = []
    for parameter in parameters.parameters {
      let range = parameter.offset..<parameter.offset + parameter.shape.count
      if let last = runs.last, last.decays == parameter.decays {
        runs[runs.count - 1].range = last.range.lowerBound..<range.upperBound
      } else {
        runs.append((range, parameter.decays))
      }
    }
    return runs
  }()

  /// baseⁿ in double precision: 1 − β₂ᵗ is tiny at first, and rounding β₂ᵗ to Float32 would cost it four digits.
  private static func power(_ base: Float, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { result, _ in result * Double(base) }
  }

  /// What has to be kept to go on later: t, and the first and second moments in the arena's layout.
  public struct State: Sendable {
    public let step: Int
    public let first: [Float]
    public let second: [Float]

    public init(step: Int, first: [Float], second: [Float]) {
      (self.step, self.first, self.second) = (step, first, second)
    }
  }

  public var state: State {
    func copy(_ storage: Storage) -> [Float] {
      Array(UnsafeBufferPointer(start: storage.pointer, count: parameters.extent))
    }
    return State(step: step, first: copy(first), second: copy(second))
  }

  /// Goes on from a state. Its sizes must be those of these parameters.
  public func restore(_ state: State) {
    precondition(
      state.first.count == parameters.extent && state.second.count == parameters.extent, "the state of another model")
    step = state.step
    for (storage, values) in [(first, state.first), (second, state.second)] {
      values.withUnsafeBufferPointer {
        if let base = $0.baseAddress { storage.pointer.update(from: base, count: $0.count) }
      }
    }
  }
}
