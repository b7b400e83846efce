import DistillAutoSearch
import DistillCore
import DistillExactSearch
import DistillHNSW
import DistillTestKit
import TestSupport
import Testing

struct AutoSearchTests {
  @Test func conforms() throws { try RetrieverConformance(AutoSearch(), recall: 1).check() }

  @Test func comparesFewKeys() throws {
    let keys = TestVectors.matrix(0..<16, width: 1024)
    #expect(try AutoSearch().makeRetriever(keys) is ExactIndex)
  }

  /// 16,400 keys of width 1024 are too many to compare. What was chosen on keys holds for other queries, and is remembered.
  @Test func choosesCandidatesForARecall() throws {
    let keys = TestVectors.matrix(0..<16_400, width: 1024, clusters: 1_000)
    let queries = TestVectors.matrix(16_400..<16_600, width: 1024, clusters: 1_000)
    #expect(try AutoSearch(recall: 1).makeRetriever(keys) is ExactIndex)
    let index = try #require(try AutoSearch(recall: 0.95).makeRetriever(keys) as? HNSWIndex)
    let measured = try #require(index.measuredRecall)
    #expect(measured >= 0.95)
    let (found, truth) = try (
      index.search(queries, neighbours: 10), ExactIndex(keys).search(queries, neighbours: 10)
    )
    let hits = zip(found, truth).reduce(0) { $0 + Set($1.0.map(\.row)).intersection($1.1.map(\.row)).count }
    #expect(abs(Double(hits) / 2_000 - measured) < 0.02, "\(hits), \(measured)")

    let folder = try TemporaryFolder()
    try index.write(to: folder.url)
    let loaded = try #require(try AutoSearch().loadRetriever(from: folder.url, keys: keys) as? HNSWIndex)
    #expect(loaded.efSearch == index.efSearch && loaded.summary == index.summary)
    let start = try AutoSearch(recall: 0.95).makeRetriever(keys.gathered(Array(0..<16_390)))
    #expect(start is HNSWIndex)
    let grown = try AutoSearch(recall: 0.95).extend(start, to: keys)
    #expect(grown.summary == index.summary && index.summary?.contains("candidates; they find 0.9") == true)
    #expect(try grown.search(queries, neighbours: 10) == found)
  }
}
