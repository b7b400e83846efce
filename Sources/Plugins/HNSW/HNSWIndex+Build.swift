import DistillCore
import DistillVectors
import Foundation

/// Builds the graph: many nodes at once, or one after the other.
struct GraphBuilder {
  private(set) var links: LinkTable
  private let vectors: QuantisedVectors
  private let efConstruction: Int
  private var search: LayerSearch
  private var choice: LinkChoice
  private var query: QuantisedQuery
  /// The node at which searches start, which is the first inserted node of the highest layer so far.
  private var entry: Int
  private var tree: NodeTree
  private let key: RandomKey
  var parents: [Int32] { tree.parents }

  /// Creates the graph of the first vectors, and draws the highest layer of each node: ⌊−ln U / ln m⌋ with U uniform in (0, 1].
  ///
  /// - `links`, `parents`: The graph of the first vectors, which may be none.
  init(_ vectors: QuantisedVectors, links: LinkTable, parents: [Int32], efConstruction: Int, key: RandomKey) {
    let levels = (0..<vectors.count).map { node in
      UInt8(-log((Double(key.child("levels").bits(UInt64(node))) + 1) / 4_294_967_296) / log(Double(links.m)))
    }
    self.links = links.grown(to: levels)
    search = LayerSearch(self.links)
    tree = NodeTree(parents, count: vectors.count, most: links.mostChildren)
    entry = links.entry
    choice = LinkChoice(vectors)
    query = vectors.emptyQuery()
    (self.vectors, self.efConstruction, self.key) = (vectors, efConstruction, key)
  }

  /// Inserts a node (algorithm 1 of the paper). Nodes must be inserted in ascending order, without gaps.
  mutating func insert(_ node: Int) {
    guard node > 0 else { return }
    let (level, top) = (Int(links.levels[node]), Int(links.levels[entry]))
    vectors.load(node, into: &query)
    var nearest = candidate(Int32(entry), for: node)
    for layer in (0...top).reversed() {
      search.run(query, in: vectors, links, on: layer, from: nearest, ef: layer > level ? 1 : efConstruction)
      nearest = search.results.first ?? nearest
      if layer <= level { connect(node, to: search.results, on: layer) }
    }
    if level > top { entry = node }
  }

  /// Links a new node with the best of `candidates` in both directions.
  ///
  /// If the list of a candidate is full, its links are selected again, together with the one to the new node.
  private mutating func connect(_ node: Int, to candidates: [Candidate], on level: Int) {
    var candidates = candidates
    if level == 0 {
      let parent = tree.adopt(node, by: candidates.lazy.map(\.row))
      if !candidates.contains(where: { $0.row == parent }) { candidates.append(candidate(parent, for: node)) }
    }
    let chosen = choose(links.m, from: candidates, for: node, on: level)
    links.replace(of: node, on: level, with: chosen)
    for other in chosen where !links.append(Int32(node), to: Int(other), on: level) {
      let rivals = choice.candidates(links.links(of: Int(other), on: level) + [Int32(node)], for: Int(other))
      links.replace(
        of: Int(other), on: level, with: choose(links.capacity(on: level), from: rivals, for: Int(other), on: level))
    }
  }

  private mutating func choose(_ limit: Int, from candidates: [Candidate], for node: Int, on level: Int) -> [Int32] {
    let tree = tree
    return choice.links(of: node, limit: limit, among: candidates) { level == 0 && tree.areTied(node, Int($0)) }
  }

  private mutating func candidate(_ row: Int32, for node: Int) -> Candidate { choice.candidates([row], for: node)[0] }
}

/// Building at once.
extension GraphBuilder {
  /// The number of nodes whose neighbours are looked for on one thread at a time.
  private static let group = 512

  /// Builds the graph of the first `count` nodes at once. There must not be any yet.
  ///
  /// A node chooses its links by the same heuristic as a node that is inserted, but among its nearest neighbours of all nodes, which
  /// products of matrices find faster than searches do, and a quarter as many of the nodes of each higher layer. Those are further
  /// away: without them no link leads out of a cluster of more nodes than there are candidates, and in 20,000 vectors of 50 clusters
  /// with some duplicates a search finds 95 % instead of 99 %. Then the nodes that have chosen it are added to its links, and where
  /// these are too many, they are chosen again. The result does not depend on the number of threads.
  mutating func build(_ count: Int) {
    guard count > 1 else { return }
    let levels = links.levels[..<count]
    entry = levels.indices.max { (levels[$0], $1) < (levels[$1], $0) } ?? 0
    for level in 0...Int(levels[entry]) {
      let nodes = levels.indices.filter { levels[$0] >= level }.map { Int32($0) }
      if nodes.count > 1 { build(nodes, on: level) }
    }
  }

  private mutating func build(_ nodes: [Int32], on level: Int) {
    let (vectors, limit) = (self.vectors, level == 0 ? links.capacity(on: 0) : links.m)
    let own = level == 0 ? vectors : vectors.gathered(nodes)
    let parts = (nodes.count + Self.group - 1) / Self.group
    let near = Neighbourhoods(of: own, first: nodes.count, atMost: efConstruction, key: key.child("level \(level)"))
    let above = (level..<Int(links.levels[entry])).map { lower in
      let higher = nodes.filter { links.levels[Int($0)] > lower }
      return (nodes: higher, vectors: vectors.gathered(higher))
    }
    let far = max(16, efConstruction / 4)
    let firsts: [[(links: [Int32], elders: [Int32])]] = Compute.map(parts: parts) { part in
      let places = part * Self.group..<min((part + 1) * Self.group, nodes.count)
      var choice = LinkChoice(vectors)
      var found = near.candidates(of: places).map { list in
        list.map { Candidate(row: nodes[Int($0.row)], similarity: $0.similarity) }
      }
      for layer in above {
        for (place, list) in layer.vectors.nearest(far, toRows: places, of: own).enumerated() {
          found[place] += list.map { Candidate(row: layer.nodes[Int($0.row)], similarity: $0.similarity) }
        }
      }
      return zip(places, found).map { place, found in
        // One that is there twice is at the place of the one that is chosen, and so is not chosen again.
        let candidates = found.sorted(by: >)
        let elders = candidates.lazy.map(\.row).filter { $0 < nodes[place] }.prefix(NodeTree.elders)
        return (choice.links(of: Int(nodes[place]), limit: limit, among: candidates), Array(elders))
      }
    }
    var lists = firsts.flatMap { $0.map(\.links) }
    if level == 0 {
      for (node, elders) in firsts.joined().map(\.elders).enumerated().dropFirst() {
        _ = tree.adopt(
          node, by: elders.isEmpty ? [vectors.nearest(1, toRows: node..<node + 1, among: 0..<node)[0][0].row] : elders)
        lists[node].append(Int32(tree.parents[node]))
      }
    }
    var places = [Int32](repeating: 0, count: links.levels.count)
    for (place, node) in nodes.enumerated() { places[Int(node)] = Int32(place) }
    var all = lists
    for (place, list) in lists.enumerated() { for other in list { all[Int(places[Int(other)])].append(nodes[place]) } }
    let (tree, capacity, unchecked) = (self.tree, links.capacity(on: level), all)
    let chosen: [[[Int32]]] = Compute.map(parts: parts) { part in
      var choice = LinkChoice(vectors)
      return (part * Self.group..<min((part + 1) * Self.group, nodes.count)).map { place in
        let node = Int(nodes[place])
        let others = Array(Set(unchecked[place]))
        if others.count <= capacity { return others.sorted() }
        return choice.links(of: node, limit: capacity, among: choice.candidates(others, for: node)) {
          level == 0 && tree.areTied(node, Int($0))
        }
      }
    }
    for (node, list) in zip(nodes, chosen.joined()) { links.replace(of: Int(node), on: level, with: list) }
  }
}
