/// The parameters of a model that is trained: all values in one arena, their gradients in a second one of the same layout.
public final class ParameterStore {
  public let layout: ParameterLayout
  /// In the order of definition.
  public let parameters: [Parameter]
  let values: Storage
  let gradients: Storage
  let reached: ReachedParameters

  /// All values are zero.
  /// - Throws: ``ComputeError`` where training them would take more memory than there is: values, gradients, and an
  ///   optimiser's two moments.
  public init(_ layout: ParameterLayout) throws {
    try ParameterLayout.checkMemory(
      for: layout.definitions, arenas: 4, " (values, gradients and an optimiser's two moments)")
    let (values, gradients) = (Storage(zeros: layout.extent), Storage(zeros: layout.extent))
    let reached = ReachedParameters(count: layout.definitions.count)
    parameters = layout.definitions.map {
      Parameter(
        $0.name, decays: $0.decays,
        variable: Self.variable(layout[$0.name], values: values, gradients: gradients, reached), gradients: gradients)
    }
    (self.layout, self.values, self.gradients, self.reached) = (layout, values, gradients, reached)
  }

  /// The same, laid out in this order.
  /// - Throws: ``ComputeError``, as above.
  public convenience init(_ definitions: [ParameterDefinition]) throws {
    try self.init(ParameterLayout(definitions))
  }

  private static func variable(
    _ place: ParameterPlace, values: Storage, gradients: Storage, _ reached: ReachedParameters
  ) -> Tensor {
    Tensor(
      shape: place.shape, storage: values, offset: place.offset,
      node: Node(parameter: place.shape.count, gradient: gradients, offset: place.offset) {
        reached.add($0, to: place.definitions)
      })
  }

  /// The parameter of a name; a precondition that it exists.
  public subscript(name: String) -> Parameter { parameters[layout[name].definitions.lowerBound] }

  /// The values at a place as a variable, see ``Parameter/variable``.
  public func variable(_ place: ParameterPlace) -> Tensor {
    place.definitions.count == 1
      ? parameters[place.definitions.lowerBound].variable
      : Self.variable(place, values: values, gradients: gradients, reached)
  }

  /// Adjoining parameters as one, see ``ParameterLayout/joined(_:)``.
  public func joined(_ names: [String]) -> Parameter {
    Parameter(
      names.joined(separator: "+"), decays: self[names[0]].decays, variable: variable(layout.joined(names)),
      gradients: gradients)
  }

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
    for (index, reach) in reached.reaches.enumerated() {
      let start = layout.offsets[index]
      if reach.isWhole {
        let end = start + parameters[index].shape.count
        stretches += stride(from: start, to: end, by: 65_536).map { $0..<min($0 + 65_536, end) }
      } else {
        let width = reach.rows.width
        stretches += reach.rows.list.map { start + $0 * width..<start + ($0 + 1) * width }
      }
    }
    return stretches
  }

  /// The values of all parameters as one array, gaps included: for keeping the best and going back to it.
  public var snapshot: [Float] {
    get { Array(UnsafeBufferPointer(start: values.pointer, count: layout.extent)) }
    set {
      precondition(newValue.count == layout.extent, "a snapshot of another store")
      newValue.withUnsafeBufferPointer {
        if let base = $0.baseAddress { values.pointer.update(from: base, count: layout.extent) }
      }
      values.overwritten()
    }
  }
}
