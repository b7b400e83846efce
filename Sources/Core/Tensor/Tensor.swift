/// Float32 numbers in row-major order, together with a record of the operations that made them if a gradient is needed.
///
/// A tensor is a value: operations create new tensors and never change their operands. Its memory is shared, aligned to 64 bytes
/// and taken from a pool. Operands of the wrong shape are a bug of the caller, so shapes are checked by preconditions.
///
/// A tensor belongs to one thread. Data that passes from one thread to another is a ``Matrix`` or ``Weights``.
public struct Tensor {
  public let shape: Shape
  let storage: Storage
  let offset: Int
  /// The record for the backward pass, or `nil` for a constant.
  let node: Node?

  init(shape: Shape, storage: Storage, offset: Int = 0, node: Node? = nil) {
    self.shape = shape
    self.storage = storage
    self.offset = offset
    self.node = node
  }

  /// Creates a tensor with the given values in row-major order.
  public init(_ values: [Float], _ shape: Shape) {
    precondition(values.count == shape.count, "\(values.count) values do not fill a tensor of shape \(shape)")
    self.init(shape: shape, storage: Storage(count: shape.count))
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.update(from: base, count: source.count) }
    }
  }

  /// Creates a scalar, whose shape is [].
  public init(_ value: Float) { self.init([value], []) }

  /// Creates a tensor filled with one value.
  public init(repeating value: Float, _ shape: Shape) {
    self.init(shape: shape, storage: Storage(count: shape.count))
    pointer.update(repeating: value, count: count)
  }

  /// Creates a tensor whose elements `fill` must write completely.
  init(_ shape: Shape, fill: (UnsafeMutablePointer<Float>) -> Void) {
    self.init(shape: shape, storage: Storage(count: shape.count))
    fill(pointer)
  }

  var pointer: UnsafeMutablePointer<Float> { storage.pointer + offset }

  /// The number of elements.
  public var count: Int { shape.count }
  /// A copy of the values in row-major order.
  public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
  /// The value of a tensor that must have exactly one element.
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

  /// Returns a leaf of the same values: ``backward()`` on a loss stores `∂loss/∂leaf` in its ``gradient``.
  public func variable() -> Tensor {
    Tensor(shape: shape, storage: storage, offset: offset, node: Node(leaf: count))
  }

  /// The gradient that a leaf has received, or `nil` if none has arrived.
  ///
  /// The result is no copy: a later ``backward()`` adds to it.
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
