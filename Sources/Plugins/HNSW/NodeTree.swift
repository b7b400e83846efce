/// A tree of all nodes of layer 0, in which every node except the first has a parent that was inserted before it.
///
/// The links between parents and children are never removed. They connect all nodes, no matter how many vectors are at the same place.
struct NodeTree: Sendable {
  /// The parent of each node. The first node is its own.
  private(set) var parents: [Int32]
  private var childCounts: [UInt16]
  /// For a node that has all its children, a node below it to ask in its place.
  private var deputies: [Int: Int32] = [:]
  private let most: Int

  /// The number of elder candidates that a node of many at once asks to be its parent.
  static let elders = 8

  /// - Parameters:
  ///   - parents: The parents of the first nodes.
  ///   - count: The number of nodes.
  ///   - most: The largest number of children.
  init(_ parents: [Int32], count: Int, most: Int) {
    self.parents = parents + Array(repeating: 0, count: count - parents.count)
    self.most = most
    childCounts = Array(repeating: 0, count: count)
    for (node, parent) in parents.enumerated().dropFirst() { add(Int32(node), below: Int(parent)) }
  }

  /// Returns whether one of two nodes is the parent of the other.
  func areTied(_ a: Int, _ b: Int) -> Bool { Int(parents[a]) == b || Int(parents[b]) == a }

  /// Chooses and returns a parent for a node: the first candidate that can have another child, or else a node below the first.
  ///
  /// - Parameter candidates: Nodes that were inserted before, at least one.
  mutating func adopt(_ node: Int, by candidates: some Collection<Int32>) -> Int32 {
    guard let first = candidates.first else { preconditionFailure("node \(node) has no candidates") }
    let parent = candidates.first { childCounts[Int($0)] < most } ?? openNode(below: first)
    parents[node] = parent
    add(Int32(node), below: Int(parent))
    return parent
  }

  private mutating func add(_ node: Int32, below parent: Int) {
    childCounts[parent] += 1
    if childCounts[parent] == most { deputies[parent] = node }
  }

  /// Returns a node at or below `node` that can have another child. All nodes on the way lead directly to it from then on, so that
  /// the next search is short.
  private mutating func openNode(below node: Int32) -> Int32 {
    var way: [Int] = []
    var open = node
    while let deputy = deputies[Int(open)] {
      way.append(Int(open))
      open = deputy
    }
    for node in way { deputies[node] = open }
    return open
  }
}
