import Foundation

/// Where the parameters of a model lie: the same in the arena of a store's values, in that of their gradients, and in the
/// weights of a frozen model. It takes no memory itself.
public struct ParameterLayout: Sendable {
  /// In the order of the arena.
  public let definitions: [ParameterDefinition]
  let offsets: [Int]
  /// Elements of an arena, gaps between parameters included; gaps are zero.
  let extent: Int
  private let byName: [String: Int]

  /// - Throws: ``ComputeError`` where the numbers alone would take more memory than there is.
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

  /// - Throws: ``ComputeError`` where as many arenas would take more memory than there is; `what` says what lies in them.
  static func checkMemory(for definitions: [ParameterDefinition], arenas: Int, _ what: String) throws {
    // In Double, which no product of extents overflows.
    let count = definitions.reduce(0.0) { $0 + $1.shape.array.reduce(1.0) { $0 * Double($1) } }
    let (needed, limit) = (Double(arenas) * count * Double(MemoryLayout<Float>.stride), MachineMemory.limit)
    if needed <= Double(limit) { return }
    func gibibytes(_ bytes: Double) -> String { String(format: "%.1f GiB", bytes / 0x1p30) }
    throw ComputeError(
      String(format: "%.0f parameters take ", count) + gibibytes(needed)
        + "\(what), and this process may have \(gibibytes(Double(limit))); use fewer layers or smaller widths")
  }

  public func contains(_ name: String) -> Bool { byName[name] != nil }

  /// The place of a parameter; a precondition that it exists.
  public subscript(name: String) -> ParameterPlace {
    guard let index = byName[name] else { preconditionFailure("no parameter is called \(name)") }
    return ParameterPlace(
      shape: definitions[index].shape, offset: offsets[index], definitions: index..<index + 1)
  }

  /// Adjoining parameters as one, stacked along the first axis: query, key and value as one matrix [3H, H].
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

  /// Σ of the parameters' sizes.
  public var count: Int { definitions.reduce(0) { $0 + $1.shape.count } }
}
