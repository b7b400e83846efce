import Foundation

/// What a parameter is, before it has memory.
public struct ParameterDefinition: Sendable {
  /// Full name, as in the weight file.
  public let name: String
  public let shape: Shape
  /// Whether weight decay applies: to matrices, not to biases and norms.
  public let decays: Bool
  /// Whether it lies right behind the one before, so that both can be used as one matrix.
  public let adjoins: Bool

  public init(_ name: String, _ shape: Shape, decays: Bool, adjoins: Bool = false) {
    (self.name, self.shape, self.decays, self.adjoins) = (name, shape, decays, adjoins)
  }
}

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
  let offset: Int
  /// Its place among the store's parameters; of a joined one, the places of its parts.
  let places: Range<Int>

  init(
    _ name: String, _ shape: Shape, decays: Bool, values: Storage, gradients: Storage, offset: Int, places: Range<Int>,
    reached: ReachedParameters
  ) {
    (self.name, self.shape, self.decays, self.offset, self.places) = (name, shape, decays, offset, places)
    value = Tensor(shape: shape, storage: values, offset: offset)
    gradient = Tensor(shape: shape, storage: gradients, offset: offset)
    variable = Tensor(
      shape: shape, storage: values, offset: offset,
      node: Node(parameter: shape.count, gradient: gradients, offset: offset) { reached.add($0, to: places) })
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

/// All parameters of a model in one arena, their gradients in a second one of the same layout.
public final class ParameterStore {
  /// In the order of definition.
  public let parameters: [Parameter]
  let values: Storage
  let gradients: Storage
  /// Elements of the arena, gaps between parameters included; gaps are zero.
  let extent: Int
  let reached: ReachedParameters
  private let byName: [String: Int]

  /// - Throws: ``ComputeError`` where training them would take more memory than there is: values, gradients, and an
  ///   optimiser's two moments.
  public init(_ definitions: [ParameterDefinition]) throws {
    try Self.checkMemory(for: definitions)
    var offsets: [Int] = []
    var end = 0
    for definition in definitions {
      let start = definition.adjoins ? end : (end + 15) / 16 * 16  // a cache line
      offsets.append(start)
      end = start + definition.shape.count
    }
    let (values, gradients) = (Storage(count: max(end, 1)), Storage(count: max(end, 1)))
    values.pointer.update(repeating: 0, count: end)
    gradients.pointer.update(repeating: 0, count: end)
    let reached = ReachedParameters(count: definitions.count)
    parameters = definitions.indices.map { place in
      Parameter(
        definitions[place].name, definitions[place].shape, decays: definitions[place].decays, values: values,
        gradients: gradients, offset: offsets[place], places: place..<place + 1, reached: reached)
    }
    byName = Dictionary(uniqueKeysWithValues: definitions.enumerated().map { ($1.name, $0) })
    (self.values, self.gradients, self.reached, extent) = (values, gradients, reached, end)
  }

  private static func checkMemory(for definitions: [ParameterDefinition]) throws {
    // In Double, which no product of extents overflows.
    let count = definitions.reduce(0.0) { $0 + $1.shape.array.reduce(1.0) { $0 * Double($1) } }
    let (needed, limit) = (4 * count * Double(MemoryLayout<Float>.stride), MachineMemory.limit)
    if needed <= Double(limit) { return }
    func gibibytes(_ bytes: Double) -> String { String(format: "%.1f GiB", bytes / 0x1p30) }
    throw ComputeError(
      String(format: "%.0f parameters take ", count) + gibibytes(needed)
        + " (values, gradients and an optimiser's two moments), and this process may have \(gibibytes(Double(limit))); "
        + "use fewer layers or smaller widths")
  }

  /// The parameter of a name; a precondition that it exists.
  public subscript(name: String) -> Parameter {
    guard let index = byName[name] else { preconditionFailure("no parameter is called \(name)") }
    return parameters[index]
  }

  public func contains(_ name: String) -> Bool { byName[name] != nil }

  /// Adjoining parameters as one, stacked along the first axis: query, key and value as one matrix [3H, H].
  public func joined(_ names: [String]) -> Parameter {
    let parts = names.map { self[$0] }
    for (a, b) in zip(parts, parts.dropFirst()) {
      precondition(
        a.offset + a.shape.count == b.offset && a.shape.array.dropFirst() == b.shape.array.dropFirst(),
        "\(b.name) does not adjoin \(a.name)")
    }
    let shape = Shape([parts.reduce(0) { $0 + $1.shape[0] }] + parts[0].shape.array.dropFirst())
    return Parameter(
      names.joined(separator: "+"), shape, decays: parts[0].decays, values: values, gradients: gradients,
      offset: parts[0].offset, places: parts[0].places.lowerBound..<parts[parts.count - 1].places.upperBound,
      reached: reached)
  }

  /// Σ of the parameters' sizes.
  public var count: Int { parameters.reduce(0) { $0 + $1.shape.count } }

  /// Sets every gradient to zero.
  public func clearGradients() {
    let stretches = reachedStretches
    Compute.parallel(stretches.count) { part in
      for stretch in stretches[part] { kernels.fill(gradients.pointer + stretch.lowerBound, 0, stretch.count) }
    }
    reached.clear()
  }

  /// ‖gradient‖₂ over all parameters, summed in double precision.
  public var gradientNorm: Double {
    let stretches = reachedStretches
    var sums = [Double](repeating: 0, count: stretches.count)
    sums.withUnsafeMutableBufferPointer { sums in
      Compute.parallel(stretches.count) { part in
        for i in part {
          sums[i] = kernels.sum_of_squares(gradients.pointer + stretches[i].lowerBound, stretches[i].count)
        }
      }
    }
    return sums.reduce(0, +).squareRoot()  // in the order of the stretches, whoever summed them
  }

  /// Where in the arena gradients may differ from zero, in pieces for the threads.
  private var reachedStretches: [Range<Int>] {
    var stretches: [Range<Int>] = []
    for (parameter, reach) in zip(parameters, reached.reaches) {
      if reach.isWhole {
        let end = parameter.offset + parameter.shape.count
        stretches += stride(from: parameter.offset, to: end, by: 65_536).map { $0..<min($0 + 65_536, end) }
      } else {
        let width = reach.rows.width
        stretches += reach.rows.list.map { parameter.offset + $0 * width..<parameter.offset + ($0 + 1) * width }
      }
    }
    return stretches
  }

  /// The values of all parameters as one array, gaps included: for keeping the best and going back to it.
  public var snapshot: [Float] {
    get { Array(UnsafeBufferPointer(start: values.pointer, count: extent)) }
    set {
      precondition(newValue.count == extent, "a snapshot of another store")
      newValue.withUnsafeBufferPointer {
        if let base = $0.baseAddress { values.pointer.update(from: base, count: extent) }
      }
      values.overwritten()
    }
  }
}
