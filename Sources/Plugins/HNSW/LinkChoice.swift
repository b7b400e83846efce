import DistillVectors

/// Chooses the links of nodes among candidates, with memory that is reused by later choices.
struct LinkChoice {
  private let vectors: QuantisedVectors
  private var query: QuantisedQuery
  /// The candidates that can still be chosen, behind those that were.
  private var rest: [Candidate] = []
  private var rows: [Int32] = []
  private var similarities: [Float] = []

  init(_ vectors: QuantisedVectors) {
    self.vectors = vectors
    query = vectors.emptyQuery()
  }

  /// Selects the links of a node by the heuristic of algorithm 4, without its optional parts.
  ///
  /// A candidate is selected if it is nearer to the node than to all candidates that were selected before, so that links lead in
  /// all directions. Tied candidates, which are the parent and the children of the node, are always selected. Other candidates at
  /// the same place as the node are not, because they lead to the same vectors as the node itself.
  ///
  /// - Parameters:
  ///   - limit: The largest number of links.
  ///   - candidates: The candidates, the best first.
  mutating func links(
    of node: Int, limit: Int, among candidates: [Candidate], isTied: (Int32) -> Bool = { _ in false }
  ) -> [Int32] {
    let own = similarity(node, Int32(node))
    var room = limit - candidates.count { isTied($0.row) }
    var chosen: [Int32] = []
    rest.removeAll(keepingCapacity: true)
    for candidate in candidates where candidate.row != node { rest.append(candidate) }
    var next = 0
    while next < rest.count {
      let candidate = rest[next]
      next += 1
      // Rounding changes the inner product of equal codes by about 1e-7, so smaller differences mean the same place.
      let isElsewhere = abs(candidate.similarity - own) > 1e-6 * own
      if isTied(candidate.row) {
        chosen.append(candidate.row)
      } else if room > 0, isElsewhere {
        chosen.append(candidate.row)
        room -= 1
      }
      if isElsewhere, chosen.last == candidate.row { dropNeighbours(of: candidate.row, for: node, from: next, isTied) }
    }
    return chosen
  }

  /// Drops the candidates that are at least as near to a chosen one as to the node, except for tied ones.
  private mutating func dropNeighbours(
    of chosen: Int32, for node: Int, from first: Int, _ isTied: (Int32) -> Bool
  ) {
    guard first < rest.count else { return }
    rows.removeAll(keepingCapacity: true)
    for place in first..<rest.count { rows.append(rest[place].row) }
    vectors.load(Int(chosen), into: &query)
    // What the square of a candidate's own length adds to its two similarities is the same, and that of the other end is not.
    let further = vectors.halfSquare(of: Int(chosen)) - vectors.halfSquare(of: node)
    if similarities.count < rows.count { similarities = Array(repeating: 0, count: rows.count) }
    vectors.similarities(of: query, toRows: rows[...], into: &similarities)
    var end = first
    for (place, similarity) in zip(first..<rest.count, similarities)
    where similarity < rest[place].similarity + further || isTied(rest[place].row) {
      rest[end] = rest[place]
      end += 1
    }
    rest.removeSubrange(end...)
  }

  /// Returns candidates for a node, the best first.
  mutating func candidates(_ rows: [Int32], for node: Int) -> [Candidate] {
    vectors.load(node, into: &query)
    if similarities.count < rows.count { similarities = Array(repeating: 0, count: rows.count) }
    vectors.similarities(of: query, toRows: rows[...], into: &similarities)
    return zip(rows, similarities).map { Candidate(row: $0, similarity: $1) }.sorted(by: >)
  }

  private mutating func similarity(_ a: Int, _ b: Int32) -> Float { candidates([b], for: a)[0].similarity }
}
