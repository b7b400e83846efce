/// The extents of a tensor, outermost first. A tensor has at most four axes. The shape of a scalar is empty.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  // A tuple, because an array would allocate memory for every intermediate tensor.
  private var extents: (Int, Int, Int, Int) = (1, 1, 1, 1)
  /// The number of axes, which is 0 for a scalar.
  public let rank: Int

  public init(_ extents: some Collection<Int>) {
    precondition(extents.count <= 4, "a tensor has at most 4 axes, not \(extents.count)")
    rank = extents.count
    for (axis, extent) in extents.enumerated() { self[axis] = extent }
  }

  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The extent of one axis.
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

  /// The number of elements, which is the product of the extents.
  public var count: Int { extents.0 * extents.1 * extents.2 * extents.3 }
  /// The last extent, or 1 for a scalar.
  public var columns: Int { rank == 0 ? 1 : self[rank - 1] }
  /// The number of rows of `columns` elements, which is the product of all extents but the last.
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
