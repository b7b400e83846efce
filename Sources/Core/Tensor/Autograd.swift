/// One recorded operation, or a leaf. Gradients are accumulated where they arrive; the graph is used up by going backwards.
final class Node {
  let count: Int
  let isLeaf: Bool
  private(set) var inputs: [Node]
  private var propagate: ((UnsafeMutablePointer<Float>) -> Void)?
  /// The input whose gradient `propagate` leaves in place of ∂loss/∂result: its memory is handed on, not copied.
  private var successor: Node?
  /// Nil until a first contribution arrives, for anything but a parameter.
  private(set) var gradient: Storage?
  let gradientOffset: Int
  /// Called whenever a contribution arrives; a store learns from it which parameters a loss reached.
  private let arrived: ((GradientExtent) -> Void)?

  /// An operation with `count` results. `propagate` receives ∂loss/∂result and may overwrite it; where it turns it into the
  /// gradient of `successor`, one of the inputs of as many elements, that is passed on.
  init(
    count: Int, inputs: [Node], passingOnTo successor: Node? = nil,
    propagate: @escaping (UnsafeMutablePointer<Float>) -> Void
  ) {
    self.count = count
    self.inputs = inputs
    self.successor = successor
    self.propagate = propagate
    isLeaf = false
    gradientOffset = 0
    arrived = nil
  }

  /// A leaf that allocates its gradient when one arrives.
  init(leaf count: Int) {
    self.count = count
    inputs = []
    successor = nil
    isLeaf = true
    gradientOffset = 0
    arrived = nil
  }

  /// A parameter: its gradient lives in an arena and is added to until somebody clears it.
  init(parameter count: Int, gradient: Storage, offset: Int, arrived: @escaping (GradientExtent) -> Void) {
    self.count = count
    inputs = []
    successor = nil
    isLeaf = true
    self.gradient = gradient
    gradientOffset = offset
    self.arrived = arrived
  }

  /// Lets `add` write into the gradient: with `beta` 0 it must write every element, with 1 it must add.
  func accumulate(_ add: (_ gradient: UnsafeMutablePointer<Float>, _ beta: Float) -> Void) {
    arrived?(.everything)
    if let gradient { return add(gradient.pointer + gradientOffset, 1) }
    let fresh = Storage(count: count)
    gradient = fresh
    add(fresh.pointer, 0)
  }

  /// Adds `scale · other`, element by element.
  func accumulate(_ other: UnsafePointer<Float>, scale: Float = 1) {
    accumulate { gradient, beta in
      Compute.parallel(count, grain: elementwiseGrain) { range in
        let (gradient, other) = (gradient + range.lowerBound, other + range.lowerBound)
        if beta == 0 {
          kernels.scale(gradient, other, scale, range.count)
        } else {
          kernels.axpy(gradient, scale, other, range.count)
        }
      }
    }
  }

  /// Takes memory over as the gradient, or adds it where there is one. Nobody else may use that memory again.
  private func accumulate(taking other: Storage) {
    if gradient == nil { gradient = other } else { accumulate(UnsafePointer(other.pointer)) }
  }

  /// Adds `scale · other`. A tensor that only an argument names could otherwise be given back to the pool, and handed out
  /// again as this very gradient, before it is read.
  func accumulate(_ other: Tensor, scale: Float = 1) {
    withExtendedLifetime(other) { accumulate(other.pointer, scale: scale) }
  }

  /// Adds to a part of the gradient; the rest counts as zero when nothing was there.
  func accumulate(in range: Range<Int>, _ add: (UnsafeMutablePointer<Float>) -> Void) {
    accumulate { gradient, beta in
      if beta == 0 { gradient.update(repeating: 0, count: count) }
      add(gradient + range.lowerBound)
    }
  }

  /// Adds to some rows of a table of `width` columns; the others count as zero when nothing was there.
  func accumulate(rows: [Int32], width: Int, _ add: (UnsafeMutablePointer<Float>) -> Void) {
    guard let arrived, let gradient else { return accumulate(in: 0..<count, add) }
    arrived(.rows(rows, width: width))
    add(gradient.pointer + gradientOffset)
  }

  /// Takes apart what was never gone backwards through node by node: a chain of a hundred thousand (a running sum of losses)
  /// would overflow the stack if each node released the next.
  deinit {
    var unused = inputs
    release()
    while var node = unused.popLast() {
      guard isKnownUniquelyReferenced(&node) else { continue }
      unused += node.inputs
      node.release()
    }
  }

  fileprivate func release() {
    propagate = nil
    inputs = []
    successor = nil
    if !isLeaf { gradient = nil }
  }

  /// Every node below this one, each after all that use it.
  private func backwardOrder() -> [Node] {
    var finished: [Node] = []
    var seen: Set<ObjectIdentifier> = [ObjectIdentifier(self)]
    var stack: [(node: Node, next: Int)] = [(self, 0)]
    while let top = stack.last {
      if top.next == top.node.inputs.count {
        finished.append(top.node)
        stack.removeLast()
      } else {
        stack[stack.count - 1].next += 1
        let input = top.node.inputs[top.next]
        if seen.insert(ObjectIdentifier(input)).inserted { stack.append((input, 0)) }
      }
    }
    return finished.reversed()
  }

  fileprivate func run() {
    for node in backwardOrder() where !node.isLeaf {
      if let gradient = node.gradient {
        guard let propagate = node.propagate else {
          preconditionFailure("backward() through a graph that an earlier backward() used up")
        }
        propagate(gradient.pointer)
        node.successor?.accumulate(taking: gradient)
      }
      node.release()
    }
  }
}

extension Tensor {
  /// Adds ∂self/∂leaf to the gradient of every leaf below this scalar, and uses the graph up.
  public func backward() {
    precondition(count == 1, "backward() starts at a scalar, not at shape \(shape)")
    backward(seed: Tensor(repeating: 1, shape))
  }

  /// Goes backwards from `seed`, the gradient of some loss with respect to this tensor (same shape).
  public func backward(seed: Tensor) {
    precondition(seed.shape == shape, "the seed has shape \(seed.shape), the tensor \(shape)")
    guard let node else { return }
    node.accumulate(seed)
    node.run()
  }

  /// A tensor computed from `inputs`. `backward` receives the gradient of the result, may overwrite it, and adds to the
  /// inputs' gradients itself; it is kept only where some input wants one. Where it leaves the gradient of one input in place
  /// of what it received, that input is `successor`.
  static func record(
    _ shape: Shape, from inputs: [Tensor], passingOnTo successor: Tensor? = nil,
    fill: (UnsafeMutablePointer<Float>) -> Void, backward: @escaping (UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let storage = Storage(count: shape.count)
    fill(storage.pointer)
    return Tensor(shape: shape, storage: storage).recorded(from: inputs, passingOnTo: successor, backward: backward)
  }

  func recorded(
    from inputs: [Tensor], passingOnTo successor: Tensor? = nil,
    backward: @escaping (UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let nodes = inputs.compactMap(\.node)
    guard !nodes.isEmpty else { return self }
    precondition(successor.map { $0.count == count } ?? true, "a gradient of \(count) elements passed on to others")
    return Tensor(
      shape: shape, storage: storage, offset: offset,
      node: Node(count: count, inputs: nodes, passingOnTo: successor?.node, propagate: backward))
  }
}

/// Goes backwards from several tensors at once, each with the gradient of one common loss with respect to it.
public func backward(from outputs: [(tensor: Tensor, gradient: Tensor)]) {
  let nodes = outputs.compactMap(\.tensor.node)
  for (tensor, gradient) in outputs {
    precondition(tensor.shape == gradient.shape, "gradient \(gradient.shape) of a tensor \(tensor.shape)")
    tensor.node?.accumulate(gradient)
  }
  Node(count: 0, inputs: nodes, propagate: { _ in }).run()
}
