import DistillCore

/// The knowledge base as a drawing, and what in it looks odd.
package struct KnowledgeMap: Sendable, Codable {
  package struct Point: Sendable, Codable {
    package let x, y: Double
    /// The place of the label in ``labels``.
    package let label: Int
  }
  /// A key that is among the neighbours of many texts.
  package struct Hub: Sendable, Codable {
    package let id: Int
    package let text: String?
    package let label: String?
    /// The number of validation texts that have it among their K neighbours.
    package let texts: Int
  }
  /// A key whose neighbours are all of another label, or whose text the teachers give another label than it has.
  package struct Doubt: Sendable, Codable {
    package let id: Int
    package let text: String?
    package let source: String?
    package let label: String
    package let others: String
    /// The mean similarity of these neighbours, or the probability that the teachers give to the other label.
    package let similarity: Double
  }

  package let labels: [String]
  /// Up to ``most`` keys, projected to the two directions of the largest variance.
  package let points: [Point]
  /// The share of the keys' variance that is along the two directions.
  package let variance: Double
  package let hubs: [Hub]
  package let doubts: [Doubt]
  /// Whether doubts are those of the teachers whose answers the keys have. `nil`, which is no, in reports of older versions.
  package let areTeachersDoubts: Bool?

  /// The keys that are drawn, those whose labels are doubted, and the neighbours of a doubt.
  static let (most, mostToDoubt, neighbours, listed) = (1_000, 5_000, 8, 20)

  /// - Parameters:
  ///   - augmentation: The knowledge base.
  ///   - names: The labels.
  ///   - found: The neighbours of the validation texts.
  ///   - describe: Returns the text, label and source of a node.
  init(
    _ augmentation: RetrievalAugmentation, names: [String], found: [[Neighbour]],
    describe: (Int) -> (text: String?, label: String?, source: String?)
  ) throws {
    let knowledge = augmentation.knowledge
    labels = names
    let drawn = Self.spread(knowledge.nodes, Self.most)
    let (places, share) = Self.projected(knowledge.embeddings.gathered(drawn))
    points = zip(drawn, places).map { Point(x: $1.x, y: $1.y, label: knowledge.classes[$0]) }
    variance = share

    var counts: [Int: Int] = [:]
    for neighbour in found.joined() { counts[neighbour.row, default: 0] += 1 }
    hubs = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(10).map { node, count in
      let entry = describe(node)
      return Hub(id: knowledge.rows[node], text: entry.text, label: entry.label, texts: count)
    }

    areTeachersDoubts = knowledge.hasTeachersLabels
    let doubts =
      knowledge.hasTeachersLabels
      ? Self.contradictions(knowledge, names, describe) : try Self.outsiders(augmentation, names, describe)
    self.doubts = Array(doubts.sorted { ($0.similarity, $1.id) > ($1.similarity, $0.id) }.prefix(Self.listed))
  }

  private typealias Description = (Int) -> (text: String?, label: String?, source: String?)

  /// Returns the keys whose neighbours are all of one other label.
  private static func outsiders(
    _ augmentation: RetrievalAugmentation, _ names: [String], _ describe: Description
  ) throws -> [Doubt] {
    let knowledge = augmentation.knowledge
    let asked = spread(knowledge.nodes, mostToDoubt)
    let near = try augmentation.retriever.search(
      knowledge.embeddings.gathered(asked), neighbours: neighbours + 1, among: knowledge.mayBeFound)
    return zip(asked, near).compactMap { node, found in
      let others = found.filter { $0.row != node }.prefix(neighbours)
      let label = knowledge.classes[node]
      guard others.count == neighbours, let first = others.first else { return nil }
      let other = knowledge.classes[first.row]
      guard other != label, others.allSatisfy({ knowledge.classes[$0.row] == other }) else { return nil }
      let entry = describe(node)
      guard entry.label != nil else { return nil }  // nobody has given it one
      return Doubt(
        id: knowledge.rows[node], text: entry.text, source: entry.source, label: names[label], others: names[other],
        similarity: others.reduce(0) { $0 + Double($1.similarity) } / Double(others.count))
    }
  }

  /// Returns the keys to whose texts the teachers give another label than they have.
  private static func contradictions(
    _ knowledge: KnowledgeBase, _ names: [String], _ describe: Description
  ) -> [Doubt] {
    knowledge.nodes.compactMap { node in
      let (entry, other) = (describe(node), knowledge.classes[node])
      guard let label = entry.label, label != names[other] else { return nil }
      return Doubt(
        id: knowledge.rows[node], text: entry.text, source: entry.source, label: label, others: names[other],
        similarity: Double(knowledge.softLabels.row(node).max() ?? 0))
    }
  }

  /// Returns at most so many of some nodes, from all over them.
  private static func spread(_ nodes: [Int], _ most: Int) -> [Int] {
    let count = min(most, nodes.count)
    return (0..<count).map { nodes[$0 * nodes.count / count] }
  }

  private static func product(_ a: [Float], _ b: [Float]) -> Float { dotProduct(a.span, b.span) }

  /// Returns the rows in the coordinates of their two principal components, and the share of the variance along these.
  private static func projected(_ rows: Matrix) -> (places: [(x: Double, y: Double)], share: Double) {
    guard rows.rows > 1 else { return (Array(repeating: (0, 0), count: rows.rows), 1) }
    let width = rows.columns
    var mean = [Float](repeating: 0, count: width)
    for row in 0..<rows.rows { for (i, value) in rows.row(row).enumerated() { mean[i] += value / Float(rows.rows) } }
    let centred = Tensor(
      rows.values.enumerated().map { $1 - mean[$0 % width] }, [rows.rows, width])
    // Orthogonal iteration on the covariance; a drawing needs no more digits than a few steps give.
    let key = RandomKey(0).child("map")
    var basis = (0..<2).map { component in
      (0..<width).map { Float(key.child(component).integer(below: 2_001, UInt64($0))) / 1_000 - 1 }
    }
    var lengths = [0.0, 0.0]
    for _ in 0..<50 {
      let along = matmul(centred, Tensor(basis[0] + basis[1], [2, width]), transposeB: true)
      let next = Matrix(matmul(along, centred, transposeA: true))
      for component in 0..<2 {
        var vector = Array(next.row(component))
        if component == 1 {
          let product = product(vector, basis[0])
          for i in 0..<width { vector[i] -= product * basis[0][i] }
        }
        let length = product(vector, vector).squareRoot()
        lengths[component] = Double(length)
        if length > 0 { basis[component] = vector.map { $0 / length } }
      }
    }
    let places = Matrix(matmul(centred, Tensor(basis[0] + basis[1], [2, width]), transposeB: true))
    let total = Matrix(centred).squaredNorms().reduce(0) { $0 + Double($1) }
    return (
      (0..<rows.rows).map { (Double(places.values[2 * $0]), Double(places.values[2 * $0 + 1])) },
      total > 0 ? min(1, (lengths[0] + lengths[1]) / total) : 1
    )
  }
}
