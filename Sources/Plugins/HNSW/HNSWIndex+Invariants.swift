extension HNSWIndex {
  /// Returns descriptions of all violations of the graph's invariants. There are none in an index that was built or loaded.
  ///
  /// A list has at most as many links as it has room for. Links lead to other nodes on the same layer, and no two links of a list
  /// lead to the same node. On layer 0 every node but the first has a parent that was inserted before it, with links in both
  /// directions, which connect all nodes.
  public func invariantViolations() -> [String] { links.violations(parents: parents) }
}

extension LinkTable {
  /// - `parents`: The parents, or `nil` if they are not known. Then the bidirectional links have to connect all nodes.
  func violations(parents: [Int32]?) -> [String] {
    var problems: [String] = []
    for (node, top) in levels.enumerated() {
      for level in 0...Int(top) {
        let links = links(of: node, on: level)
        if links.count > capacity(on: level) {
          problems.append("node \(node) has \(links.count) links on layer \(level)")
        }
        if Set(links).count < links.count { problems.append("node \(node) has a link twice on layer \(level)") }
        for link in links where link < 0 || link >= levels.count || link == node || levels[Int(link)] < level {
          problems.append("node \(node) has a link to \(link) on layer \(level)")
        }
      }
    }
    guard problems.isEmpty else { return problems }
    if let parents { return violations(of: parents) }
    let unreached = levels.count - reachedBothWays()
    return unreached == 0 ? [] : ["\(unreached) nodes are not connected with the entry on layer 0"]
  }

  private func violations(of parents: [Int32]) -> [String] {
    guard parents.count == levels.count else { return ["\(parents.count) parents of \(levels.count) nodes"] }
    var children = Array(repeating: 0, count: levels.count)
    for (node, parent) in parents.enumerated().dropFirst() {
      guard 0..<node ~= Int(parent) else { return ["node \(node) has the parent \(parent)"] }
      guard links(of: node, on: 0).contains(parent), links(of: Int(parent), on: 0).contains(Int32(node)) else {
        return ["node \(node) and its parent \(parent) are not linked"]
      }
      children[Int(parent)] += 1
    }
    let most = mostChildren
    return children.enumerated().filter { $0.element > most }.map { "node \($0.offset) has \($0.element) children" }
  }

  /// Returns the number of nodes that the bidirectional links of layer 0 connect with the entry.
  private func reachedBothWays() -> Int {
    guard !levels.isEmpty else { return 0 }
    var isReached = Array(repeating: false, count: levels.count)
    isReached[entry] = true
    var reached = [Int32(entry)]
    var next = 0
    while next < reached.count {
      let node = reached[next]
      for link in links(of: Int(node), on: 0) where !isReached[Int(link)] && links(of: Int(link), on: 0).contains(node)
      {
        isReached[Int(link)] = true
        reached.append(link)
      }
      next += 1
    }
    return reached.count
  }
}
