import DistillVectors

/// The links of all nodes on all their layers, in one array.
///
/// The lists of layer 0 of all nodes come first, with room for 2m links each. Then come the lists of the few nodes that are on
/// upper layers, with room for m links each. A list begins with the number of its links.
struct LinkTable: LinkSource {
  typealias Failure = Never
  let m: Int
  /// The highest layer of each node.
  let levels: [UInt8]
  /// The first node of the highest layer.
  let entry: Int
  /// The position of each node's list of layer 1 in `slots`, for nodes on that layer.
  private let upperStarts: [Int]
  private(set) var slots: [Int32]

  var count: Int { levels.count }
  var top: Int { Int(levels[entry]) }

  /// Creates a table without links.
  init(m: Int, levels: [UInt8]) {
    self.m = m
    self.levels = levels
    entry = levels.max().flatMap { levels.firstIndex(of: $0) } ?? 0
    var end = levels.count * (2 * m + 1)
    upperStarts = levels.map { level in
      defer { end += Int(level) * (m + 1) }
      return end
    }
    slots = Array(repeating: 0, count: end)
  }

  /// Creates a table of more nodes, whose first ones have the links that they have here.
  ///
  /// - Parameter levels: The highest layer of each node. It begins with the levels of this table.
  func grown(to levels: [UInt8]) -> LinkTable {
    var table = LinkTable(m: m, levels: levels)
    for (node, top) in self.levels.enumerated() {
      for level in 0...Int(top) { table.replace(of: node, on: level, with: links(of: node, on: level)) }
    }
    return table
  }

  /// Returns the number of links that a list has room for.
  func capacity(on level: Int) -> Int { level == 0 ? 2 * m : m }

  /// The largest number of children of a node on layer 0. With the link to its own parent these are fewer than 2m, so that there is
  /// room for other links.
  var mostChildren: Int { max(2, m / 2) }

  /// Returns the positions of a node's links in `slots`.
  func range(of node: Int, on level: Int) -> Range<Int> {
    let start = start(of: node, on: level)
    return start + 1..<start + 1 + Int(slots[start])
  }

  func withLinks(of node: Int, on level: Int, _ body: (Span<Int32>) -> Void) {
    body(slots.span.extracting(range(of: node, on: level)))
  }

  func fetch(_ node: Int, on level: Int) {
    let start = start(of: node, on: level)
    DistillVectors.fetch(start..<start + 1 + capacity(on: level), of: slots)
  }

  /// Returns the links of a node, which are empty if the node is not on the layer.
  func links(of node: Int, on level: Int) -> ArraySlice<Int32> {
    level <= Int(levels[node]) ? slots[range(of: node, on: level)] : []
  }

  /// Adds a link. Returns `false` if the list is full.
  mutating func append(_ link: Int32, to node: Int, on level: Int) -> Bool {
    let start = start(of: node, on: level)
    let degree = Int(slots[start])
    guard degree < capacity(on: level) else { return false }
    slots[start + 1 + degree] = link
    slots[start] += 1
    return true
  }

  mutating func replace(of node: Int, on level: Int, with links: some Collection<Int32>) {
    precondition(links.count <= capacity(on: level), "\(links.count) links where \(capacity(on: level)) fit")
    let start = start(of: node, on: level)
    slots[start] = Int32(links.count)
    for (i, link) in links.enumerated() { slots[start + 1 + i] = link }
  }

  /// Returns the lists of layer 0, those of the upper layers, and for each node how many of the latter precede its own. A list has its
  /// number of links, the links, and zeros where there is room for more.
  func packed() -> (lowest: [Int32], upper: [Int32], starts: [Int32]) {
    var clean = Array(repeating: Int32(0), count: slots.count)
    for (node, top) in levels.enumerated() {
      for level in 0...Int(top) {
        let start = start(of: node, on: level)
        for slot in start..<start + 1 + Int(slots[start]) { clean[slot] = slots[slot] }
      }
    }
    let end = count * (2 * m + 1)
    return (Array(clean[..<end]), Array(clean[end...]), upperStarts.map { Int32(($0 - end) / (m + 1)) })
  }

  private func start(of node: Int, on level: Int) -> Int {
    level == 0 ? node * (2 * m + 1) : upperStarts[node] + (level - 1) * (m + 1)
  }
}
