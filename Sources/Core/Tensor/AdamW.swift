/// AdamW: Adam with decoupled weight decay (Loshchilov and Hutter 2019), in the order of PyTorch's implementation.
///
/// θ ← θ(1 − ηλ); m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← θ − η·(m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε),
/// where the weight decay λ applies only to parameters that decay.
///
/// A step leaves a parameter unchanged, including its moments and its t, if no gradient has reached it since the gradients were
/// last cleared. PyTorch treats a parameter whose `grad` is `None` in the same way. A parameter that the loss does not depend on
/// is therefore neither trained nor decayed.
///
/// Rows of a table (word embeddings) that were never looked up still have moments of zero, so a step only decays them and skips
/// the rest of the formula. The result is bit for bit that of the dense update.
public final class AdamW {
  package let parameters: ParameterStore
  package let beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float
  /// The number of steps t that each parameter has taken.
  package private(set) var steps: [Int]
  private let first: Storage
  private let second: Storage
  /// The rows that gradients have reached so far, for each table of which they have only ever reached rows.
  private var movingRows: [Int: TableRows] = [:]

  /// Creates an optimiser whose moments are zero. They take twice the memory of the parameters.
  public init(
    _ parameters: ParameterStore, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    weightDecay: Float = 0.01
  ) {
    self.parameters = parameters
    (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (beta1, beta2, epsilon, weightDecay)
    steps = Array(repeating: 0, count: parameters.parameters.count)
    first = Storage(zeros: parameters.layout.extent)
    second = Storage(zeros: parameters.layout.extent)
  }

  /// Takes one step. The gradients are first multiplied by `gradientScale`, which is below 1 if they are to be clipped.
  public func update(learningRate: Float, gradientScale: Float = 1) {
    defer { parameters.values.overwritten() }
    var corrections: [Int: (first: Float, second: Float)] = [:]
    for run in advance() {
      let correction =
        corrections[run.step] ?? (Float(1 - Self.power(beta1, run.step)), Float(1 - Self.power(beta2, run.step)))
      corrections[run.step] = correction
      let shrink = run.decays ? 1 - learningRate * weightDecay : 1
      func step(_ range: Range<Int>) {
        let start = range.lowerBound
        kernels.adamw(
          parameters.values.pointer + start, parameters.gradients.pointer + start, first.pointer + start,
          second.pointer + start, range.count, learningRate, beta1, beta2, epsilon, shrink, correction.first,
          correction.second, gradientScale)
      }
      guard let rows = run.movingRows else {
        Compute.parallel(run.range.count, grain: 65_536) { part in
          step(run.range.lowerBound + part.lowerBound..<run.range.lowerBound + part.upperBound)
        }
        continue
      }
      let values = parameters.values.pointer
      Compute.parallel(run.range.count / rows.width, grain: 65_536 / rows.width) { part in
        var row = part.lowerBound
        while row < part.upperBound {  // runs of rows that either all have moments or all have none
          let (begin, moves) = (row, rows.contains(row))
          repeat { row += 1 } while row < part.upperBound && rows.contains(row) == moves
          let range = run.range.lowerBound + begin * rows.width..<run.range.lowerBound + row * rows.width
          if moves {
            step(range)
          } else if shrink != 1 {
            kernels.scale(values + range.lowerBound, values + range.lowerBound, shrink, range.count)
          }
        }
      }
    }
  }

  /// A range of the arena in which all elements are updated in the same way.
  private struct Run {
    var range: Range<Int>
    var lastPlace: Int
    let decays: Bool
    let step: Int
    /// The rows that have moments, if the range is a table; `nil` if every element has them.
    let movingRows: TableRows?
  }

  /// Advances t of every parameter that a gradient has reached, and returns these parameters in runs as long as possible.
  ///
  /// A run may include the padding between two parameters, which has no gradient and stays zero.
  private func advance() -> [Run] {
    var runs: [Run] = []
    for (place, parameter) in parameters.parameters.enumerated() {
      let reach = parameters.reached.reaches[place]
      guard !reach.isEmpty else { continue }
      if reach.isWhole {
        movingRows[place] = nil
      } else if steps[place] == 0 || movingRows[place] != nil {
        movingRows[place, default: TableRows()].formUnion(reach.rows)
      }
      steps[place] += 1
      let start = parameters.layout.offsets[place]
      let end = start + parameter.shape.count
      if let last = runs.last, last.lastPlace == place - 1, last.decays == parameter.decays, last.step == steps[place],
        last.movingRows == nil, movingRows[place] == nil
      {
        runs[runs.count - 1].range = last.range.lowerBound..<end
        runs[runs.count - 1].lastPlace = place
      } else {
        runs.append(
          Run(
            range: start..<end, lastPlace: place, decays: parameter.decays, step: steps[place],
            movingRows: movingRows[place]))
      }
    }
    return runs
  }

  /// Returns baseⁿ in double precision.
  ///
  /// 1 − β₂ᵗ is tiny at first, and rounding β₂ᵗ to Float32 would cost it four digits.
  package static func power(_ base: Float, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, Double(base), exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  /// The state that a checkpoint has to contain: t of each parameter, and both moments in the layout of the arena.
  package struct State: Sendable {
    package let steps: [Int]
    package let first: [Float]
    package let second: [Float]

    package init(steps: [Int], first: [Float], second: [Float]) {
      (self.steps, self.first, self.second) = (steps, first, second)
    }
  }

  /// A copy of the current state.
  package var state: State {
    func copy(_ storage: Storage) -> [Float] {
      Array(UnsafeBufferPointer(start: storage.pointer, count: parameters.layout.extent))
    }
    return State(steps: steps, first: copy(first), second: copy(second))
  }

  /// Restores a state, whose sizes must match these parameters.
  ///
  /// The state does not say which rows of a table have been looked up, so from now on every step updates all of them.
  package func restore(_ state: State) {
    precondition(
      state.first.count == parameters.layout.extent && state.second.count == parameters.layout.extent
        && state.steps.count == steps.count, "the state of another model")
    steps = state.steps
    movingRows = [:]
    for (storage, values) in [(first, state.first), (second, state.second)] {
      values.withUnsafeBufferPointer {
        if let base = $0.baseAddress { storage.pointer.update(from: base, count: $0.count) }
      }
    }
  }
}
