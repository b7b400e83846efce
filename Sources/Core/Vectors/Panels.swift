import CDistillKernels

/// Queries in panels, which are compared with many rows, and the best rows so far for each of them.
final class Panels {
  private static let size = Int(DISTILL_PANEL)
  private let queries: Int
  private let stride: Int
  private let bytes: Int
  private let packed: UnsafeMutableRawPointer
  private let lists: UnsafeMutablePointer<UInt64>
  private var best: [distill_best]

  /// Packs queries of `stride` bytes each, to find at most k rows for each.
  init(_ queries: Int, k: Int, stride: Int, load: (Int, UnsafeMutablePointer<Int8>) -> Void) {
    (self.queries, self.stride) = (queries, stride)
    let (count, room) = ((queries + Self.size - 1) / Self.size, 4 * k + 64)
    bytes = Self.size * (stride + 4)
    packed = .allocate(byteCount: max(1, count) * bytes, alignment: 64)
    lists = .allocate(capacity: count * Self.size * room)
    best = Array(repeating: distill_best(), count: count)
    let codes = UnsafeMutablePointer<Int8>.allocate(capacity: Self.size * stride)
    defer { codes.deallocate() }
    for panel in 0..<count {
      let own = panel * Self.size..<min((panel + 1) * Self.size, queries)
      for (place, query) in own.enumerated() { load(query, codes + place * stride) }
      distill_pack_panel(packed + panel * bytes, codes, own.count, stride)
      (best[panel].lists, best[panel].room) = (lists + panel * Self.size * room, UInt32(room))
    }
  }

  deinit {
    packed.deallocate()
    lists.deallocate()
  }

  /// Begins a search for the `keep` best rows of each query whose similarity, without the scale of the query, exceeds a floor.
  func begin(above floors: [Float], keep: Int) {
    for panel in best.indices {
      best[panel].keep = UInt32(keep)
      withUnsafeMutableBytes(of: &best[panel].counts) { counts in
        for place in counts.indices { counts[place] = 0 }
      }
      withUnsafeMutableBytes(of: &best[panel].floors) { bytes in
        let own = bytes.bindMemory(to: Float.self)
        for place in own.indices {
          let query = panel * Self.size + place
          own[place] = query < queries ? floors[query] : .infinity
        }
      }
    }
  }

  /// The number of rows that are compared with one panel before the next: so many that they stay in the second cache.
  private static let block = 1024

  /// Compares the queries with rows. Those whose floor is infinite do not count.
  func compare(with codes: UnsafePointer<UInt8>, _ scales: UnsafePointer<Float>, _ rows: Range<Int>) {
    let open = best.indices.filter { panel in
      withUnsafeBytes(of: best[panel].floors) { $0.bindMemory(to: Float.self).contains { $0 < .infinity } }
    }
    for start in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: Self.block) {
      for panel in open {
        codeKernels.compare(
          &best[panel], packed + panel * bytes, codes, scales, start, min(start + Self.block, rows.upperBound), stride)
      }
    }
  }

  /// Returns the best rows of a query so far, in no order.
  func best(of query: Int) -> UnsafeMutableBufferPointer<UInt64> {
    let (panel, place) = query.quotientAndRemainder(dividingBy: Self.size)
    let list = lists + query * Int(best[panel].room)
    let count = withUnsafeBytes(of: best[panel].counts) { Int($0.load(fromByteOffset: place * 4, as: UInt32.self)) }
    let keep = Int(best[panel].keep)
    if count > keep { distill_keep_largest(list, count, keep) }
    return UnsafeMutableBufferPointer(start: list, count: min(count, keep))
  }

  /// Estimates from one row in sixteen, for each query, a floor that is exceeded by the k best rows and not by many more. It may be too
  /// high, so that fewer are found. If there are not enough rows to save anything, it is −∞.
  func sample(_ codes: UnsafePointer<UInt8>, _ scales: UnsafePointer<Float>, _ rows: Range<Int>, k: Int) -> [Float] {
    let none = [Float](repeating: -.infinity, count: queries)
    // About k/16 of the sampled rows are among the k best, with a standard deviation of √(k/16).
    let expected = Float(k) / 16
    let keep = Int(expected + 3 * expected.squareRoot() + 4)
    let group = Int(DISTILL_ROWS)
    guard keep <= k, rows.count >= 64 * keep * 16 else { return none }
    begin(above: none, keep: keep)
    for start in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: 16 * group) {
      compare(with: codes, scales, start..<min(start + group, rows.upperBound))
    }
    return (0..<queries).map { Candidate(rank: best(of: $0).min() ?? 0).similarity }
  }
}
