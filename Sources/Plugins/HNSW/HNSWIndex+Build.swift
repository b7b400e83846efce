import DistillCore
import Foundation

/// Builds the graph by inserting one node after the other (algorithm 1 of the paper).
struct GraphBuilder {
  private(set) var links: LinkTable
  private let vectors: Matrix
  private let efConstruction: Int
  private var search: LayerSearch
  /// The node at which searches start, which is the first inserted node of the highest layer so far.
  private var entry = 0
  /// The parent of each node. On layer 0 the links between a node and its parent are never removed. The first node is its own
  /// parent.
  private(set) var parents: [Int32]
  private var childCounts: [UInt16]

  /// Creates the graph of the first vectors, and draws the highest layer of each node: ⌊−ln U / ln m⌋ with U uniform in (0, 1].
  ///
  /// - `links`, `parents`: The graph of the first vectors, which may be none.
  init(_ vectors: Matrix, links: LinkTable, parents: [Int32], efConstruction: Int, key: RandomKey) {
    let levels = (0..<vectors.rows).map { node in
      UInt8(-log((Double(key.bits(UInt64(node))) + 1) / 4_294_967_296) / log(Double(links.m)))
    }
    self.links = links.grown(to: levels)
    search = LayerSearch(self.links)
    self.parents = parents + Array(repeating: 0, count: vectors.rows - parents.count)
    childCounts = Array(repeating: 0, count: vectors.rows)
    for parent in parents.dropFirst() { childCounts[Int(parent)] += 1 }
    entry = links.entry
    (self.vectors, self.efConstruction) = (vectors, efConstruction)
  }

  /// Inserts a node. Nodes must be inserted in ascending order, without gaps.
  mutating func insert(_ node: Int) {
    guard node > 0 else { return }
    let (level, top) = (Int(links.levels[node]), Int(links.levels[entry]))
    let vectors = vectors
    let query = vectors.values.span.extracting(extent(node))
    var nearest = candidate(Int32(entry), for: node)
    for layer in (0...top).reversed() {
      search.run(query, in: vectors, links, on: layer, from: nearest, ef: layer > level ? 1 : efConstruction)
      nearest = search.best ?? nearest
      if layer <= level { connect(node, to: search.sorted, on: layer) }
    }
    if level > top { entry = node }
  }

  /// Links a new node with the best of `candidates` in both directions.
  ///
  /// If the list of a candidate is full, its links are selected again, together with the one to the new node.
  private mutating func connect(_ node: Int, to candidates: [Candidate], on level: Int) {
    var candidates = candidates
    if level == 0 {
      let parent = adopt(node, among: candidates)
      if !candidates.contains(where: { $0.row == parent }) { candidates.append(candidate(parent, for: node)) }
    }
    let chosen = choose(links.m, from: candidates, for: node, on: level)
    links.replace(of: node, on: level, with: chosen)
    for other in chosen where !links.append(Int32(node), to: Int(other), on: level) {
      let rivals = (links.links(of: Int(other), on: level) + [Int32(node)]).map { candidate($0, for: Int(other)) }
      let kept = choose(links.capacity(on: level), from: rivals.sorted(by: >), for: Int(other), on: level)
      links.replace(of: Int(other), on: level, with: kept)
    }
  }

  /// Selects the links of a node by the heuristic of algorithm 4, without its optional parts.
  ///
  /// A candidate is selected if it is nearer to the node than to all candidates that were selected before, so that links lead in
  /// all directions. On layer 0 the parent and the children of the node are always selected. Other candidates at the same place
  /// as the node are not, because they lead to the same vectors as the node itself.
  private func choose(_ limit: Int, from candidates: [Candidate], for node: Int, on level: Int) -> [Int32] {
    let own = similarity(node, node)
    var room = limit - (level == 0 ? candidates.count { areTied(node, Int($0.row)) } : 0)
    var chosen: [Int32] = []
    var directions: [Int32] = []
    for candidate in candidates {
      // Rounding changes the dot product of unit vectors by about 1e-7, so smaller differences mean the same place.
      let isElsewhere = abs(candidate.similarity - own) > 1e-6 * own
      if level == 0, areTied(node, Int(candidate.row)) {
        chosen.append(candidate.row)
      } else if room > 0, isElsewhere, leadsElsewhere(candidate, than: directions) {
        chosen.append(candidate.row)
        room -= 1
      } else {
        continue
      }
      if isElsewhere { directions.append(candidate.row) }
    }
    return chosen
  }

  /// Returns whether a candidate is nearer to the node than to all nodes in `directions`.
  private func leadsElsewhere(_ candidate: Candidate, than directions: [Int32]) -> Bool {
    directions.allSatisfy { similarity(Int(candidate.row), Int($0)) < candidate.similarity }
  }

  /// Chooses a parent for a node, which is the nearest candidate that can have another child.
  ///
  /// The links between parents and children connect all nodes, no matter how many vectors are at the same place.
  private mutating func adopt(_ node: Int, among candidates: [Candidate]) -> Int32 {
    let most = links.mostChildren
    var parent = candidates.first { childCounts[Int($0.row)] < most }?.row ?? candidates[0].row
    // If all candidates have enough children, a descendant has not, because the tree is finite.
    while childCounts[Int(parent)] >= most {
      guard let child = links.links(of: Int(parent), on: 0).first(where: { parents[Int($0)] == parent }) else {
        preconditionFailure("node \(parent) has \(most) children and no link to one")
      }
      parent = child
    }
    parents[node] = parent
    childCounts[Int(parent)] += 1
    return parent
  }

  /// Returns whether one of two nodes is the parent of the other.
  private func areTied(_ a: Int, _ b: Int) -> Bool { Int(parents[a]) == b || Int(parents[b]) == a }

  private func candidate(_ row: Int32, for node: Int) -> Candidate {
    Candidate(row: row, similarity: similarity(node, Int(row)))
  }

  private func similarity(_ a: Int, _ b: Int) -> Float {
    dotProduct(vectors.values.span.extracting(extent(a)), vectors.values.span.extracting(extent(b)))
  }

  private func extent(_ node: Int) -> Range<Int> { node * vectors.columns..<(node + 1) * vectors.columns }
}
