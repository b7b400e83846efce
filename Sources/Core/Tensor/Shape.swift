/// The extents of a tensor, at most four of them, outermost first. The empty shape is a scalar.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  private var extents: (Int, Int, Int, Int) = (1, 1, 1, 1)
  /// How many axes there are: 0 for a scalar.
  public let rank: Int

  public init(_ extents: some Collection<Int>) {
    precondition(extents.count <= 4, "a tensor has at most 4 axes, not \(extents.count)")
    rank = extents.count
    for (axis, extent) in extents.enumerated() { self[axis] = extent }
  }

  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// Extent of one axis.
  public private(set) subscript(axis: Int) -> Int {
    get {
      precondition(axis >= 0 && axis < rank, "axis \(axis) of a tensor of rank \(rank)")
      switch axis {
      case 0: return extents.0
      case 1: return extents.1
      case 2: return extents.2
      default: return extents.3
      }
    }
    set {
      precondition(newValue >= 0, "negative extent \(newValue)")
      switch axis {
      case 0: extents.0 = newValue
      case 1: extents.1 = newValue
      case 2: extents.2 = newValue
      default: extents.3 = newValue
      }
    }
  }

  /// Number of elements: the product of the extents.
  public var count: Int { extents.0 * extents.1 * extents.2 * extents.3 }
  /// The last extent; 1 for a scalar.
  public var columns: Int { rank == 0 ? 1 : self[rank - 1] }
  /// How many rows of `columns` elements there are.
  public var rows: Int {
    var product = 1
    for axis in 0..<max(rank - 1, 0) { product *= self[axis] }
    return product
  }
  /// The extents as an array.
  public var array: [Int] { (0..<rank).map { self[$0] } }
  public var description: String { "[\(array.map(String.init).joined(separator: ", "))]" }

  public static func == (a: Shape, b: Shape) -> Bool { a.rank == b.rank && a.extents == b.extents }
  public func hash(into hasher: inout Hasher) { hasher.combine(array) }
}
