/// A named part of a store's arena. Values and gradients are read and written in place.
public final class Parameter {
  public let name: String
  public let shape: Shape
  public let decays: Bool
  /// The values as a constant.
  public let value: Tensor
  /// The values as a variable: operations on it are recorded, and its gradient is added to the arena's.
  public let variable: Tensor
  /// The gradient as it stands.
  public let gradient: Tensor

  init(_ name: String, decays: Bool, variable: Tensor, gradients: Storage) {
    (self.name, shape, self.decays, self.variable) = (name, variable.shape, decays, variable)
    value = variable.detached
    gradient = Tensor(shape: shape, storage: gradients, offset: variable.offset)
  }

  /// Overwrites the values. They are shared with every tensor made from this parameter, so never between a forward and
  /// its backward pass.
  public func assign(_ values: [Float]) {
    precondition(values.count == shape.count, "\(values.count) values for \(name) of shape \(shape)")
    values.withUnsafeBufferPointer {
      if let base = $0.baseAddress { value.pointer.update(from: base, count: $0.count) }
    }
    value.storage.overwritten()
  }

  /// Overwrites the values with those of a tensor of the same shape.
  public func assign(_ tensor: Tensor) {
    precondition(tensor.shape == shape, "\(tensor.shape) for \(name) of shape \(shape)")
    value.pointer.update(from: tensor.pointer, count: shape.count)
    value.storage.overwritten()
  }
}
