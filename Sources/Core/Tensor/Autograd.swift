/// A node of the graph that automatic differentiation records: an operation or a leaf.
///
/// A node accumulates ∂loss/∂result. The backward pass releases the nodes that it has visited, so a graph can be used only once.
final class Node {
  let count: Int
  let isLeaf: Bool
  private(set) var inputs: [Node]
  private var propagate: ((UnsafeMutablePointer<Float>) -> Void)?
  /// The input whose gradient `propagate` writes over ∂loss/∂result, so that the memory is passed on instead of copied.
  private var successor: Node?
  /// The gradient so far; `nil` until the first contribution arrives. A parameter always has one.
  private(set) var gradient: Storage?
  let gradientOffset: Int
  /// Called when a contribution arrives, so that a ``ParameterStore`` knows which parameters a loss has reached.
  private let arrived: ((GradientExtent) -> Void)?

  /// Creates an operation with a result of `count` elements.
  ///
  /// - Parameters:
  ///   - successor: An input of `count` elements, if `propagate` overwrites ∂loss/∂result with that input's gradient.
  ///   - propagate: Receives ∂loss/∂result, which it may overwrite, and adds to the gradients of the other inputs.
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

  /// Creates a leaf, whose gradient is allocated when the first contribution arrives.
  init(leaf count: Int) {
    self.count = count
    inputs = []
    successor = nil
    isLeaf = true
    gradientOffset = 0
    arrived = nil
  }

  /// Creates the leaf of a parameter, whose gradient is part of an arena and is added to until the store clears it.
  init(parameter count: Int, gradient: Storage, offset: Int, arrived: @escaping (GradientExtent) -> Void) {
    self.count = count
    inputs = []
    successor = nil
    isLeaf = true
    self.gradient = gradient
    gradientOffset = offset
    self.arrived = arrived
  }

  /// Calls `add` with the gradient. If `beta` is 0, `add` must write every element; if it is 1, `add` must add to each.
  func accumulate(_ add: (_ gradient: UnsafeMutablePointer<Float>, _ beta: Float) -> Void) {
    arrived?(.everything)
    if let gradient { return add(gradient.pointer + gradientOffset, 1) }
    let fresh = Storage(count: count)
    gradient = fresh
    add(fresh.pointer, 0)
  }

  /// Adds `scale · other` to the gradient.
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

  /// Takes over `other` as the gradient, or adds it to an existing one. The caller must not use that memory again.
  private func accumulate(taking other: Storage) {
    if gradient == nil { gradient = other } else { accumulate(UnsafePointer(other.pointer)) }
  }

  /// Adds `scale · other` to the gradient.
  ///
  /// The lifetime of `other` is extended, because it could otherwise end before the elements are read. The pool might then reuse
  /// its memory for this very gradient.
  func accumulate(_ other: Tensor, scale: Float = 1) {
    withExtendedLifetime(other) { accumulate(other.pointer, scale: scale) }
  }

  /// Calls `add` with a range of the gradient to add to. If there is no gradient yet, it starts as zeros.
  func accumulate(in range: Range<Int>, _ add: (UnsafeMutablePointer<Float>) -> Void) {
    accumulate { gradient, beta in
      if beta == 0 { gradient.update(repeating: 0, count: count) }
      add(gradient + range.lowerBound)
    }
  }

  /// Calls `add` with the gradient of a table of `width` columns, which may add only to the given rows.
  ///
  /// If there is no gradient yet, it starts as zeros.
  func accumulate(rows: [Int32], width: Int, _ add: (UnsafeMutablePointer<Float>) -> Void) {
    guard let arrived, let gradient else { return accumulate(in: 0..<count, add) }
    arrived(.rows(rows, width: width))
    add(gradient.pointer + gradientOffset)
  }

  /// Releases a graph that was never used, one node at a time.
  ///
  /// If each node released the next, a chain of a hundred thousand nodes, such as a running sum of losses, would overflow the
  /// stack.
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

  /// Returns this node and all nodes that it depends on, in an order in which each comes after all nodes that use it.
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

  /// Runs the backward pass from this node, whose gradient must already have arrived.
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
  /// Adds ∂self/∂leaf to the gradient of every leaf that this scalar depends on. The graph cannot be used again.
  public func backward() {
    precondition(count == 1, "backward() starts at a scalar, not at shape \(shape)")
    backward(seed: Tensor(repeating: 1, shape))
  }

  /// Runs the backward pass from `seed`, the gradient of a loss with respect to this tensor, which has the tensor's shape.
  public func backward(seed: Tensor) {
    precondition(seed.shape == shape, "the seed has shape \(seed.shape), the tensor \(shape)")
    guard let node else { return }
    node.accumulate(seed)
    node.run()
  }

  /// Creates the tensor that an operation calculates from `inputs`, and records the operation if an input requires a gradient.
  ///
  /// - Parameters:
  ///   - successor: The input whose gradient `backward` leaves in the memory that it received, if there is such an input.
  ///   - fill: Writes every element of the result.
  ///   - backward: Receives the gradient of the result, which it may overwrite, and adds to the gradients of the inputs.
  static func record(
    _ shape: Shape, from inputs: [Tensor], passingOnTo successor: Tensor? = nil,
    fill: (UnsafeMutablePointer<Float>) -> Void, backward: @escaping (UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let storage = Storage(count: shape.count)
    fill(storage.pointer)
    return Tensor(shape: shape, storage: storage).recorded(from: inputs, passingOnTo: successor, backward: backward)
  }

  /// Returns this tensor as the result of an operation on `inputs`; the parameters are those of
  /// ``record(_:from:passingOnTo:fill:backward:)``.
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

/// Runs one backward pass from several tensors, given the gradient of a common loss with respect to each of them.
public func backward(from outputs: [(tensor: Tensor, gradient: Tensor)]) {
  let nodes = outputs.compactMap(\.tensor.node)
  for (tensor, gradient) in outputs {
    precondition(tensor.shape == gradient.shape, "gradient \(gradient.shape) of a tensor \(tensor.shape)")
    tensor.node?.accumulate(gradient)
  }
  Node(count: 0, inputs: nodes, propagate: { _ in }).run()
}
