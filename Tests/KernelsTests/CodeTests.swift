import CDistillKernels
import TestSupport
import Testing

private let all: [String] = ["amx", "avx512", "avx2", "neon", "plain"].filter { distill_codes_named($0) != nil }

/// Every variant against sums of integers, to the last bit.
struct CodeTests {
  @Test func thereIsAlwaysAVariant() {
    #expect(all.last == "plain")
    #expect(all.contains(String(cString: distill_codes_best().pointee.name)))
    #expect(distill_codes_named("avx1024") == nil)
  }

  /// Rows of up to two cache lines and more, and numbers up to the ends of their ranges, which saturate where 16 bits are too few.
  @Test(arguments: all, [64, 128, 192, 384, 1024])
  func similarities(_ name: String, _ stride: Int) throws {
    let kernels = try #require(distill_codes_named(name)).pointee
    var random = SplitMix(UInt64(stride))
    for extreme in [false, true] {
      let codes = (0..<40 * stride).map { _ in extreme ? (random.next() % 2 == 0 ? 1 : 255) : UInt8(random.next() % 256)
      }
      let query = (0..<stride).map { _ in
        extreme ? (random.next() % 2 == 0 ? -127 : 127) : Int8(Int(random.next() % 255) - 127)
      }
      let scales = (0..<40).map { Float($0 + 1) / 7 }
      let rows: [Int32] = [0, 39, 3, 3, 17, 38, 1, 2, 12]
      for count in 0...rows.count {
        var found = [Float](repeating: .nan, count: rows.count)
        kernels.similarities(&found, query, 0.37, codes, scales, rows, count, stride)
        for (i, row) in rows.enumerated() {
          if i >= count {
            #expect(found[i].isNaN)
            continue
          }
          let sum = product(codes[Int(row) * stride..<(Int(row) + 1) * stride], query)
          #expect(found[i] == Float(sum) * scales[Int(row)] * 0.37)
        }
      }
    }
  }

  /// The lists of a panel, against a sort: queries that are not there, rows that begin and end within a block, and lists that are full
  /// many times. Codes of few values make many equal similarities, of which the lower rows are kept.
  @Test(arguments: all, [(64, 1), (64, 32), (192, 7), (384, 31)])
  func compare(_ name: String, _ of: (stride: Int, queries: Int)) throws {
    let kernels = try #require(distill_codes_named(name)).pointee, (stride, keep, room) = (of.stride, 5, 12)
    for values in [3, 256] as [UInt64] {
      var random = SplitMix(UInt64(of.stride + of.queries) + values)
      let rows = 517
      let codes = (0..<544 * stride).map { _ in UInt8(128 + Int(random.next() % values) - Int(values / 2)) }
      let queries = (0..<of.queries * stride).map { _ in
        Int8(Int(random.next() % (values - 1)) - Int(values / 2 - 1) - 1 + 1)
      }
      let scales = (0..<544).map { Float($0 % 3 + 1) }
      let panel = UnsafeMutableRawPointer.allocate(byteCount: 32 * (stride + 4), alignment: 64)
      let lists = UnsafeMutablePointer<UInt64>.allocate(capacity: 32 * room)
      defer {
        panel.deallocate()
        lists.deallocate()
      }
      distill_pack_panel(panel, queries, of.queries, stride)
      var best = distill_best()
      (best.lists, best.room, best.keep) = (lists, UInt32(room), UInt32(keep))
      withUnsafeMutableBytes(of: &best.floors) { floors in
        for query in 0..<32 { floors.bindMemory(to: Float.self)[query] = query < of.queries ? -.infinity : .infinity }
      }
      for (first, last) in [(32, 300), (320, rows)] {
        kernels.compare(&best, panel, codes, scales, first, last, stride)
      }
      let counts = withUnsafeBytes(of: best.counts) { Array($0.bindMemory(to: UInt32.self)) }
      for query in 0..<32 {
        guard query < of.queries else {
          #expect(counts[query] == 0)
          continue
        }
        let truth = (Array(32..<300) + Array(320..<rows)).map { row in
          let sum = product(
            codes[row * stride..<(row + 1) * stride], Array(queries[query * stride..<(query + 1) * stride]))
          return (row: row, similarity: Float(sum) * scales[row])
        }.sorted { ($0.similarity, $1.row) > ($1.similarity, $0.row) }.prefix(keep)
        let found = (0..<Int(counts[query])).map { lists[query * room + $0] }.sorted(by: >).prefix(keep)
        #expect(found.map { Int(~UInt32(truncatingIfNeeded: $0)) } == truth.map(\.row))
        #expect(
          found.map { rank in
            let bits = UInt32(rank >> 32)
            return Float(bitPattern: bits >> 31 == 1 ? bits & ~(1 << 31) : ~bits)
          } == truth.map(\.similarity))
      }
    }
  }

  @Test func keepsTheLargest() {
    var random = SplitMix(3)
    for count in 1...60 {
      for keep in 1...count {
        let list = (0..<count).map { _ in random.next() % 20 }
        var kept = list
        distill_keep_largest(&kept, count, keep)
        #expect(kept.prefix(keep).sorted(by: >) == list.sorted(by: >).prefix(keep).map { $0 })
      }
    }
  }

  private func product(_ codes: ArraySlice<UInt8>, _ query: [Int8]) -> Int {
    zip(codes, query).reduce(0) { $0 + (Int($1.0) - 128) * Int($1.1) }
  }
}
