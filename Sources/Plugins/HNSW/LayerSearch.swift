import DistillCore
import DistillVectors
import Synchronization

/// A search of one layer, with memory that is reused by later searches.
struct LayerSearch: Sendable {
  /// The candidates so far, the best first: the `ef` best that may be found, and among them those that may not.
  private var beam: [Candidate] = []
  /// For each candidate of the beam, whether its links have been followed.
  private var isFollowed: [Bool] = []
  /// The number of the last search that visited each node. In contrast to a set, it need not be cleared for each search, but only when
  /// the numbers are used up.
  private var marks: [UInt8]
  /// The number of the current search.
  private var epoch: UInt8 = 0
  /// The nodes that were reached for the first time from the current node, and their similarities.
  private var fresh: [Int32]
  private var similarities: [Float]

  init(_ links: some LinkSource) {
    marks = Array(repeating: 0, count: links.count)
    fresh = Array(repeating: 0, count: 2 * links.m + 1)
    similarities = Array(repeating: 0, count: 2 * links.m)
  }

  /// Searches a layer for the nodes that are most similar to `query`, by following links from `entry` (algorithm 2 of the paper).
  ///
  /// - Parameters:
  ///   - ef: The number of nodes to find, at least 1. With 1 the search is a greedy walk.
  ///   - mayBeFound: For each node, whether it may be found, or `nil` if all may. The walk crosses the others.
  ///   - left: A node that is left out as if it were not there, unless the walk starts from it.
  mutating func run<Links: LinkSource, Codes: CodeSource>(
    _ query: QuantisedQuery, in vectors: Codes, _ links: Links, on level: Int, from entry: Candidate, ef: Int,
    among mayBeFound: [Bool]? = nil, without left: Int32? = nil
  ) throws(Links.Failure) where Codes.Failure == Links.Failure {
    nextEpoch()
    beam.removeAll(keepingCapacity: true)
    isFollowed.removeAll(keepingCapacity: true)
    beam.append(entry)
    isFollowed.append(false)
    if let left { marks[Int(left)] = epoch }
    marks[Int(entry.row)] = epoch
    var found = mayBeFound?[Int(entry.row)] ?? true ? 1 : 0

    var next = 0
    while next < beam.count {
      isFollowed[next] = true
      var count = 0
      try links.withLinks(of: Int(beam[next].row), on: level) { list in
        for slot in list.indices {
          // Without a branch, because it could not be predicted, and waiting for one mark would keep the next from being fetched.
          let row = list[slot]
          fresh[count] = row
          count += marks[Int(row)] == epoch ? 0 : 1
          marks[Int(row)] = epoch
        }
      }
      // Mostly one of the next candidates is followed next.
      if next + 1 < beam.count { links.fetch(Int(beam[next + 1].row), on: level) }
      try vectors.similarities(of: query, toRows: fresh[..<count], into: &similarities)
      next += 1
      for i in 0..<count {
        let candidate = Candidate(row: fresh[i], similarity: similarities[i])
        if found == ef, let worst = beam.last, candidate < worst { continue }
        next = min(next, insert(candidate))
        guard mayBeFound?[Int(candidate.row)] ?? true else { continue }
        found += 1
        if found > ef { found -= dropWorst(among: mayBeFound) }
      }
      while next < beam.count, isFollowed[next] { next += 1 }
    }
  }

  /// Inserts a candidate into the beam, and returns its place.
  private mutating func insert(_ candidate: Candidate) -> Int {
    var (low, high) = (0, beam.count)
    while low < high {
      let middle = (low + high) / 2
      if candidate < beam[middle] { low = middle + 1 } else { high = middle }
    }
    beam.insert(candidate, at: low)
    isFollowed.insert(false, at: low)
    return low
  }

  /// Drops the worst candidate that may be found, and all that are worse than the next one. Returns how many of them may be found.
  private mutating func dropWorst(among mayBeFound: [Bool]?) -> Int {
    var dropped = 0
    while let last = beam.last {
      let counts = mayBeFound?[Int(last.row)] ?? true
      if counts, dropped == 1 { break }
      if counts { dropped = 1 }
      beam.removeLast()
      isFollowed.removeLast()
    }
    return dropped
  }

  /// The nodes that the last run has found and crossed, the best first.
  var results: [Candidate] { beam }

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
  func with<Result>(_ links: some LinkSource, _ body: (inout LayerSearch) -> Result) -> Result {
    var search = unused.withLock { $0.popLast() } ?? LayerSearch(links)
    defer { unused.withLock { [search] in $0.append(search) } }
    return body(&search)
  }
}
