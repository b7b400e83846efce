import DistillCore
import Synchronization

/// A search of one layer, with memory that is reused by later searches.
struct LayerSearch: Sendable {
  /// The candidates whose links have not been followed yet.
  private var frontier = Heap<Candidate>()
  /// The best candidates so far, in reversed form, so that the worst of them is on top.
  private var found = Heap<Candidate>()
  /// The number of the last search that visited each node. In contrast to a set, it need not be cleared for each search.
  private var marks: [UInt32]
  /// The number of the current search.
  private var epoch: UInt32 = 0
  /// The nodes that were reached for the first time from the current node, and their similarities.
  private var fresh: [Int32]
  private var similarities: [Float]

  init(_ links: LinkTable) {
    marks = Array(repeating: 0, count: links.levels.count)
    fresh = Array(repeating: 0, count: 2 * links.m)
    similarities = Array(repeating: 0, count: 2 * links.m)
  }

  /// Searches a layer for the nodes that are most similar to `query`, by following links from `entry` (algorithm 2 of the paper).
  ///
  /// - Parameters:
  ///   - ef: The number of nodes to find, at least 1. With 1 the search is a greedy walk.
  ///   - mayBeFound: For each node, whether it may be found, or `nil` if all may. The walk crosses the others.
  mutating func run(
    _ query: Span<Float>, in vectors: Matrix, _ links: LinkTable, on level: Int, from entry: Candidate, ef: Int,
    among mayBeFound: [Bool]? = nil
  ) {
    frontier.removeAll()
    found.removeAll()
    nextEpoch()
    frontier.push(entry)
    if mayBeFound?[Int(entry.row)] ?? true { found.push(entry.reversed) }
    marks[Int(entry.row)] = epoch

    while let next = frontier.pop() {
      // All remaining candidates are at most as good as this one, so their links are not worth following.
      if found.count >= ef, let worst = found.top, next < worst.reversed { break }
      var count = 0
      for slot in links.range(of: Int(next.row), on: level) {
        let row = links.slots[slot]
        guard marks[Int(row)] != epoch else { continue }
        marks[Int(row)] = epoch
        fresh[count] = row
        count += 1
      }
      vectors.dotProducts(of: query, withRows: fresh[..<count], into: &similarities)
      for i in 0..<count {
        let candidate = Candidate(row: fresh[i], similarity: similarities[i])
        let isFull = found.count >= ef
        if isFull, let worst = found.top, candidate < worst.reversed { continue }
        frontier.push(candidate)
        guard mayBeFound?[Int(candidate.row)] ?? true else { continue }
        if isFull { found.replaceTop(with: candidate.reversed) } else { found.push(candidate.reversed) }
      }
    }
  }

  /// The results of the last run, the best first.
  var sorted: [Candidate] { found.elements.sorted().map(\.reversed) }
  /// The best result of the last run.
  var best: Candidate? { found.elements.min()?.reversed }

  private mutating func nextEpoch() {
    if epoch == .max {
      marks = Array(repeating: 0, count: marks.count)
      epoch = 0
    }
    epoch += 1
  }
}

/// A pool of the memory of finished searches, which later searches reuse. No result depends on it.
final class ScratchPool: Sendable {
  private let unused = Mutex<[LayerSearch]>([])

  /// Calls `body` with memory for searches in `links`.
  func with<Result>(_ links: LinkTable, _ body: (inout LayerSearch) -> Result) -> Result {
    var search = unused.withLock { $0.popLast() } ?? LayerSearch(links)
    defer { unused.withLock { [search] in $0.append(search) } }
    return body(&search)
  }
}
