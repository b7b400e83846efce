import DistillVectors

/// Chooses the links of nodes among candidates, with memory that is reused by later choices.
struct LinkChoice {
  private let vectors: QuantisedVectors
  private var query: QuantisedQuery
  private var directions: [Int32] = []
  private var similarities: [Float] = []
  /// Candidates that are fetched from memory before they are needed.
  private static let ahead = 4

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
    directions.removeAll(keepingCapacity: true)
    for (place, candidate) in candidates.enumerated() where candidate.row != node {
      if place + Self.ahead < candidates.count { vectors.fetch(Int(candidates[place + Self.ahead].row)) }
      // Rounding changes the inner product of equal codes by about 1e-7, so smaller differences mean the same place.
      let isElsewhere = abs(candidate.similarity - own) > 1e-6 * own
      if isTied(candidate.row) {
        chosen.append(candidate.row)
      } else if room > 0, isElsewhere, leadsElsewhere(candidate) {
        chosen.append(candidate.row)
        room -= 1
      } else {
        continue
      }
      if isElsewhere { directions.append(candidate.row) }
    }
    return chosen
  }

  /// Returns candidates for a node, the best first.
  mutating func candidates(_ rows: [Int32], for node: Int) -> [Candidate] {
    vectors.load(node, into: &query)
    if similarities.count < rows.count { similarities = Array(repeating: 0, count: rows.count) }
    vectors.similarities(of: query, toRows: rows[...], into: &similarities)
    return zip(rows, similarities).map { Candidate(row: $0, similarity: $1) }.sorted(by: >)
  }

  /// Returns whether a candidate is nearer to the node than to all nodes in `directions`.
  private mutating func leadsElsewhere(_ candidate: Candidate) -> Bool {
    if directions.isEmpty { return true }
    vectors.load(Int(candidate.row), into: &query)
    if similarities.count < directions.count { similarities = Array(repeating: 0, count: 2 * directions.count) }
    vectors.similarities(of: query, toRows: directions[...], into: &similarities)
    return similarities[..<directions.count].allSatisfy { $0 < candidate.similarity }
  }

  private mutating func similarity(_ a: Int, _ b: Int32) -> Float { candidates([b], for: a)[0].similarity }
}
