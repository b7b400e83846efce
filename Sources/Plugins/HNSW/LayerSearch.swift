import DistillCore
import Synchronization

/// A search of one layer, and the memory for it, which is used again and again.
struct LayerSearch: Sendable {
  /// Nodes whose links were not followed yet.
  private var frontier = Heap<Candidate>()
  /// The best nodes so far, reversed: the worst of them is on top.
  private var found = Heap<Candidate>()
  /// The search that met a node last.
  private var marks: [UInt32]
  private var epoch: UInt32 = 0
  /// Links to nodes that are met for the first time, and how similar these are.
  private var fresh: [Int32]
  private var similarities: [Float]

  init(_ links: LinkTable) {
    marks = Array(repeating: 0, count: links.levels.count)
    fresh = Array(repeating: 0, count: 2 * links.m)
    similarities = Array(repeating: 0, count: 2 * links.m)
  }

  /// The nodes of a layer that are most similar to `query`, as far as the links lead there. Algorithm 2.
  ///
  /// - Parameter ef: how many are sought, at least 1; with 1 it is a greedy walk.
  mutating func run(
    _ query: Span<Float>, in vectors: Matrix, _ links: LinkTable, on level: Int, from entry: Candidate, ef: Int
  ) {
    frontier.removeAll()
    found.removeAll()
    nextEpoch()
    frontier.push(entry)
    found.push(entry.reversed)
    marks[Int(entry.row)] = epoch

    while let next = frontier.pop() {
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
        if found.count < ef {
          found.push(candidate.reversed)
        } else if let worst = found.top, worst.reversed < candidate {
          found.replaceTop(with: candidate.reversed)
        } else {
          continue
        }
        frontier.push(candidate)
      }
    }
  }

  /// What the last run found, the best first.
  var sorted: [Candidate] { found.elements.sorted().map(\.reversed) }
  /// The best that the last run found.
  var best: Candidate? { found.elements.min()?.reversed }

  private mutating func nextEpoch() {
    if epoch == .max {
      marks = Array(repeating: 0, count: marks.count)
      epoch = 0
    }
    epoch += 1
  }
}

/// The memory of searches that are over, for the next ones. No result depends on it.
final class ScratchPool: Sendable {
  private let unused = Mutex<[LayerSearch]>([])

  /// Runs `body` with memory for searches in `links`.
  func with<Result>(_ links: LinkTable, _ body: (inout LayerSearch) -> Result) -> Result {
    var search = unused.withLock { $0.popLast() } ?? LayerSearch(links)
    defer { unused.withLock { [search] in $0.append(search) } }
    return body(&search)
  }
}
