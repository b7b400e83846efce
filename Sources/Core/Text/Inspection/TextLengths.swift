/// How long texts are, as the number of texts of each length.
package struct TextLengths: Sendable {
  private var counts: [Int: Int] = [:]
  package private(set) var count = 0
  private var sum = 0

  package init() {}

  package mutating func add(_ length: Int) {
    counts[length, default: 0] += 1
    count += 1
    sum += length
  }

  /// The mean length; 0 if there are no texts.
  package var mean: Double { Double(sum) / Double(max(1, count)) }
  package var longest: Int { counts.keys.max() ?? 0 }

  /// The least length that at least this share of the texts does not exceed; 0 if there are no texts.
  package func quantile(_ share: Double) -> Int {
    var seen = 0
    for (length, own) in counts.sorted(by: { $0.key < $1.key }) {
      seen += own
      if Double(seen) >= share * Double(count) { return length }
    }
    return 0
  }

  /// The number of texts that are longer.
  package func count(above limit: Int) -> Int { counts.reduce(0) { $0 + ($1.key > limit ? $1.value : 0) } }
}
