/// The numbers of a model: read once, never changed, and shared by any number of tasks.
///
/// Unchecked, because they lie behind a pointer: nothing writes there after `init`, and `Storage` locks what it adds later.
public struct Weights: @unchecked Sendable {
  public let layout: ParameterLayout
  private let values: Storage

  /// - `fill`: the values of a parameter; asked once for each, in the order of the layout.
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

  /// A copy of the values as they are now: training may go on.
  public init(_ store: ParameterStore) {
    (layout, values) = (store.layout, Storage(zeros: store.layout.extent))
    values.pointer.update(from: store.values.pointer, count: layout.extent)
  }

  /// The values at a place, as a constant.
  public subscript(place: ParameterPlace) -> Tensor {
    Tensor(shape: place.shape, storage: values, offset: place.offset)
  }

  /// The values of a name, as a constant; a precondition that it exists.
  public subscript(name: String) -> Tensor { self[layout[name]] }
}
