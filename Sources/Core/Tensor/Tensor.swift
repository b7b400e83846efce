/// Float32 numbers in row-major order, and, where a gradient is wanted, how they came about.
///
/// A tensor is a value: operations make new ones and never change their operands. Its memory is shared, 64-byte aligned and
/// comes from a pool. Shapes are checked by preconditions: operands that do not fit are a bug of the caller.
/// Tensors belong to one thread; what crosses threads is a ``Matrix``, or ``Weights``.
public struct Tensor {
  public let shape: Shape
  let storage: Storage
  let offset: Int
  let node: Node?

  init(shape: Shape, storage: Storage, offset: Int = 0, node: Node? = nil) {
    self.shape = shape
    self.storage = storage
    self.offset = offset
    self.node = node
  }

  /// A tensor with the given values, outermost axis first.
  public init(_ values: [Float], _ shape: Shape) {
    precondition(values.count == shape.count, "\(values.count) values do not fill a tensor of shape \(shape)")
    self.init(shape: shape, storage: Storage(count: shape.count))
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.update(from: base, count: source.count) }
    }
  }

  /// A scalar, shape [].
  public init(_ value: Float) { self.init([value], []) }

  /// A tensor filled with one value.
  public init(repeating value: Float, _ shape: Shape) {
    self.init(shape: shape, storage: Storage(count: shape.count))
    pointer.update(repeating: value, count: count)
  }

  /// A tensor whose memory `fill` writes completely.
  init(_ shape: Shape, fill: (UnsafeMutablePointer<Float>) -> Void) {
    self.init(shape: shape, storage: Storage(count: shape.count))
    fill(pointer)
  }

  var pointer: UnsafeMutablePointer<Float> { storage.pointer + offset }

  public var count: Int { shape.count }
  /// The values, copied out.
  public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
  /// The value of a tensor with one element.
  public var scalar: Float {
    precondition(count == 1, "a tensor of shape \(shape) is not a scalar")
    return pointer.pointee
  }
  /// Whether gradients flow through this tensor.
  public var requiresGradient: Bool { node != nil }
  /// The same values as a constant.
  public var detached: Tensor { Tensor(shape: shape, storage: storage, offset: offset) }
  /// Whether every value is finite.
  public var isFinite: Bool { kernels.all_finite(pointer, count) != 0 }

  /// A leaf whose gradient is kept: `∂loss/∂self` is in ``gradient`` after ``backward()``.
  public func variable() -> Tensor {
    Tensor(shape: shape, storage: storage, offset: offset, node: Node(leaf: count))
  }

  /// The gradient that a leaf received; nil where none arrived. It shares memory: a later `backward()` adds to it.
  public var gradient: Tensor? {
    guard let node, node.isLeaf, let storage = node.gradient else { return nil }
    return Tensor(shape: shape, storage: storage, offset: node.gradientOffset)
  }
}

extension Tensor: CustomStringConvertible {
  public var description: String {
    "Tensor\(shape) \(values.prefix(8))\(count > 8 ? "…" : "")"
  }
}
