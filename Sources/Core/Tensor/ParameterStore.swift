/// The parameters of a model that is trained.
///
/// All values are in one arena, and their gradients are in a second arena of the same layout.
public final class ParameterStore {
  public let layout: ParameterLayout
  /// The parameters in the order of the layout.
  public let parameters: [Parameter]
  let values: Storage
  let gradients: Storage
  /// The parts of the parameters that gradients have reached since they were last cleared.
  let reached: ReachedParameters

  /// Creates parameters whose values are zero.
  ///
  /// - Throws: ``ComputeError`` if training them would take more memory than this process may use: the values, the gradients and
  ///   the two moments of an optimiser.
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

  /// Creates parameters whose values are zero, laid out in the given order.
  ///
  /// - Throws: ``ComputeError`` if training them would take more memory than this process may use.
  public convenience init(_ definitions: [ParameterDefinition]) throws {
    try self.init(ParameterLayout(definitions))
  }

  /// Returns the values at a place as a variable that adds its gradient to the arena and notes what the gradient reached.
  private static func variable(
    _ place: ParameterPlace, values: Storage, gradients: Storage, _ reached: ReachedParameters
  ) -> Tensor {
    Tensor(
      shape: place.shape, storage: values, offset: place.offset,
      node: Node(parameter: place.shape.count, gradient: gradients, offset: place.offset) {
        reached.add($0, to: place.definitions)
      })
  }

  /// Returns the parameter of a name, which must exist.
  public subscript(name: String) -> Parameter { parameters[layout[name].definitions.lowerBound] }

  /// Returns the values at a place as a variable; see ``Parameter/variable``.
  public func variable(_ place: ParameterPlace) -> Tensor {
    place.definitions.count == 1
      ? parameters[place.definitions.lowerBound].variable
      : Self.variable(place, values: values, gradients: gradients, reached)
  }

  /// Returns adjoining parameters as one; see ``ParameterLayout/joined(_:)``.
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
    return sums.reduce(0, +).squareRoot()  // a fixed order, so that the sum does not depend on the threads
  }

  /// The ranges of the arena in which gradients may differ from zero, in pieces that the threads share out.
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

  /// The values of all parameters as one array, including the gaps.
  ///
  /// A training copies it to keep its best values, and sets it to return to them.
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
