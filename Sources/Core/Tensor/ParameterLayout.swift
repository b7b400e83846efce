import Foundation

/// The positions of a model's parameters in an arena. The layout itself takes no memory for them.
///
/// A store's values, its gradients and the weights of a frozen model have the same layout, so one ``ParameterPlace`` serves for
/// all of them.
public struct ParameterLayout: Sendable {
  /// The parameters in the order of the arena.
  public let definitions: [ParameterDefinition]
  /// The position of each parameter's first element.
  let offsets: [Int]
  /// The number of elements of an arena, including the gaps between parameters, which are zero.
  package let extent: Int
  private let byName: [String: Int]

  /// Lays out parameters in the given order. Their names must differ.
  ///
  /// - Throws: ``ComputeError`` if one arena would take more memory than this process may use.
  public init(_ definitions: [ParameterDefinition]) throws {
    try Self.checkMemory(for: definitions, arenas: 1, "")
    var offsets: [Int] = []
    var end = 0
    for definition in definitions {
      let start = definition.adjoins ? end : (end + 15) / 16 * 16  // a cache line
      offsets.append(start)
      end = start + definition.shape.count
    }
    byName = Dictionary(uniqueKeysWithValues: definitions.enumerated().map { ($1.name, $0) })
    (self.definitions, self.offsets, extent) = (definitions, offsets, end)
  }

  /// Checks that a number of arenas fits in memory. The error message uses `what` to say what the arenas contain.
  ///
  /// - Throws: ``ComputeError`` if the arenas would take more memory than this process may use.
  static func checkMemory(for definitions: [ParameterDefinition], arenas: Int, _ what: String) throws {
    // The product of the extents may overflow an Int, but not a Double.
    let count = definitions.reduce(0.0) { $0 + $1.shape.array.reduce(1.0) { $0 * Double($1) } }
    let (needed, limit) = (Double(arenas) * count * Double(MemoryLayout<Float>.stride), MachineMemory.limit)
    if needed <= Double(limit) { return }
    func gibibytes(_ bytes: Double) -> String { String(format: "%.1f GiB", bytes / 0x1p30) }
    throw ComputeError(
      String(format: "%.0f parameters take ", count) + gibibytes(needed)
        + "\(what), and this process may have \(gibibytes(Double(limit))); use fewer layers or smaller widths")
  }

  /// Returns whether there is a parameter of this name.
  public func contains(_ name: String) -> Bool { byName[name] != nil }

  /// Returns the place of a parameter, which must exist.
  public subscript(name: String) -> ParameterPlace {
    guard let index = byName[name] else { preconditionFailure("no parameter is called \(name)") }
    return ParameterPlace(
      shape: definitions[index].shape, offset: offsets[index], definitions: index..<index + 1)
  }

  /// Returns the place of adjoining parameters as one parameter, stacked along the first axis.
  ///
  /// A transformer layer uses its query, key and value weights as one matrix [3H, H] in this way.
  public func joined(_ names: [String]) -> ParameterPlace {
    let parts = names.map { self[$0] }
    for (place, (a, b)) in zip(parts, parts.dropFirst()).enumerated() {
      precondition(
        a.offset + a.shape.count == b.offset && a.shape.array.dropFirst() == b.shape.array.dropFirst(),
        "\(names[place + 1]) does not adjoin \(names[place])")
    }
    return ParameterPlace(
      shape: Shape([parts.reduce(0) { $0 + $1.shape[0] }] + parts[0].shape.array.dropFirst()), offset: parts[0].offset,
      definitions: parts[0].definitions.lowerBound..<parts[parts.count - 1].definitions.upperBound)
  }

  /// The number of elements of all parameters, without gaps.
  public var count: Int { definitions.reduce(0) { $0 + $1.shape.count } }
}
