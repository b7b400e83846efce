import DistillCore
import DistillExactSearch
import DistillHNSW
import DistillYAML
import TestSupport
import Testing

struct OptionsTests {
  @Test func hnswFromYAML() throws {
    let options = try YAMLDocument("m: 8\nef_construction: 50\nef_search: 20\nseed: 3").decode(HNSW.self).value
    #expect(
      (options.m, options.efConstruction, options.efSearch, options.seed) == (8, 50, 20, 3))
    #expect(HNSW().resolvedYAML() == "m: 16\nef_construction: 200\nef_search: 64\nseed: 42\n")
    for wrong in ["m: 1", "ef_construction: 0", "ef_search: 0", "efsearch: 5"] {
      #expect(throws: Diagnostics.self, "\(wrong)") { try YAMLDocument(wrong).decode(HNSW.self) }
    }
    #expect(ExactSearch.optionDescriptions().isEmpty)
  }

  @Test func searchUsesTheOptions() throws {
    let keys = TestVectors.matrix(0..<500, width: 8)
    let recipe = HNSW(m: 5, efConstruction: 30, efSearch: 17, seed: 4)
    let folder = try TemporaryFolder()
    let made = try #require(try recipe.makeRetriever(keys) as? HNSWIndex)
    try made.write(to: folder.url)
    let loaded = try #require(try HNSW(efSearch: 90).loadRetriever(from: folder.url, keys: keys) as? HNSWIndex)
    #expect((made.m, made.efConstruction, made.efSearch, made.seed) == (5, 30, 17, 4))
    #expect((loaded.m, loaded.efConstruction, loaded.efSearch, loaded.seed) == (5, 30, 90, 4))
  }
}
