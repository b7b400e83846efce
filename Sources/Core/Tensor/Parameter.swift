/// A named parameter of a model that is trained, whose values and gradient lie in the arenas of a ``ParameterStore``.
public final class Parameter {
  public let name: String
  public let shape: Shape
  /// Whether weight decay applies.
  public let decays: Bool
  /// The values as a constant. The tensor shares the memory of the parameter and therefore shows later changes.
  public let value: Tensor
  /// The values as a variable: operations on it are recorded, and ``Tensor/backward()`` adds to ``gradient``.
  public let variable: Tensor
  /// The gradient. The tensor shares the memory of the store and therefore shows later changes.
  public let gradient: Tensor

  init(_ name: String, decays: Bool, variable: Tensor, gradients: Storage) {
    (self.name, shape, self.decays, self.variable) = (name, variable.shape, decays, variable)
    value = variable.detached
    gradient = Tensor(shape: shape, storage: gradients, offset: variable.offset)
  }

  /// Overwrites the values, whose number must be that of the shape.
  ///
  /// Every tensor made from this parameter shares its memory. The values must therefore not be overwritten between a forward pass
  /// and its backward pass.
  public func assign(_ values: [Float]) {
    precondition(values.count == shape.count, "\(values.count) values for \(name) of shape \(shape)")
    values.withUnsafeBufferPointer {
      if let base = $0.baseAddress { value.pointer.update(from: base, count: $0.count) }
    }
    value.storage.overwritten()
  }

  /// Overwrites the values with those of a tensor of the same shape, under the same condition.
  public func assign(_ tensor: Tensor) {
    precondition(tensor.shape == shape, "\(tensor.shape) for \(name) of shape \(shape)")
    value.pointer.update(from: tensor.pointer, count: shape.count)
    value.storage.overwritten()
  }
}
