/// The parameters of a finished model, which are read once, never change, and are shared by any number of tasks.
///
/// `Sendable` is unchecked because the values are behind a pointer. Nothing writes them after `init`, and `Storage` uses a lock
/// for the rounded copies that it adds later.
public struct Weights: @unchecked Sendable {
  public let layout: ParameterLayout
  private let values: Storage

  /// Creates weights by calling `fill` once for each parameter, in the order of the layout. It returns the parameter's values.
  ///
  /// - Throws: Any error of `fill`.
  public init(_ layout: ParameterLayout, fill: (ParameterDefinition) throws -> [Float]) rethrows {
    (self.layout, values) = (layout, Storage(zeros: layout.extent))
    for (definition, offset) in zip(layout.definitions, layout.offsets) {
      let numbers = try fill(definition)
      precondition(
        numbers.count == definition.shape.count,
        "\(numbers.count) values for \(definition.name) of shape \(definition.shape)")
      numbers.withUnsafeBufferPointer {
        if let base = $0.baseAddress { (values.pointer + offset).update(from: base, count: $0.count) }
      }
    }
  }

  /// Copies the current values of a store. Later training does not change the copy.
  public init(_ store: ParameterStore) {
    (layout, values) = (store.layout, Storage(zeros: store.layout.extent))
    values.pointer.update(from: store.values.pointer, count: layout.extent)
  }

  /// Returns the values at a place as a constant.
  public subscript(place: ParameterPlace) -> Tensor {
    Tensor(shape: place.shape, storage: values, offset: place.offset)
  }

  /// Returns the values of the parameter of a name, which must exist, as a constant.
  public subscript(name: String) -> Tensor { self[layout[name]] }
}
