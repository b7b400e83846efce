import DistillCore
import DistillExactSearch
import DistillHNSW
import DistillTestKit
import Foundation
import Testing

struct ConformanceTests {
  @Test func exact() throws { try RetrieverConformance(ExactSearch(), recall: 1).check() }

  /// 64 candidates of 1,000 random vectors miss next to nothing; among those that are half equal, the heap of equal ones
  /// takes places from other candidates, and one neighbour in fifty goes.
  @Test(arguments: [UInt64(1), 2, 3]) func hnsw(seed: UInt64) throws {
    try RetrieverConformance(HNSW(), recall: 0.97, seed: seed).check()
  }

  /// Smallest lists: what is found is poor, the form must be right all the same.
  @Test func hnswWithTwoLinks() throws {
    try RetrieverConformance(HNSW(m: 2, efConstruction: 1, efSearch: 1), recall: 0).check()
  }

  @Test(arguments: Fault.allCases) func seesFaults(_ fault: Fault) {
    #expect(throws: RetrieverConformance.Failure.self) {
      try RetrieverConformance(Faulty(fault: fault), recall: 0.99).check()
    }
  }

  enum Fault: CaseIterable {
    case order, similarity, shortAnswer, twice, highTies, poorRecall, acceptsAnything, forgets, findsWhatMayNotBe,
      extendsBadly
  }

  /// Exact search with something wrong.
  private struct Faulty: RetrieverRecipe {
    static let name = "faulty"
    static let summary = ""
    var fault = Fault.order

    init() {}
    init(fault: Fault) { self.fault = fault }
    mutating func options(_ visit: inout OptionVisitor) {}

    func makeRetriever(_ keys: Matrix) throws -> any Retriever {
      if fault == .acceptsAnything, !keys.values.allSatisfy(\.isFinite) { return try ExactIndex(keys.gathered([])) }
      return Index(exact: try ExactIndex(keys), fault: fault)
    }

    func extend(_ retriever: any Retriever, to keys: Matrix) throws -> any Retriever {
      fault == .extendsBadly ? retriever : try makeRetriever(keys)
    }

    func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever {
      guard fault == .forgets else { return try makeRetriever(keys) }
      return try makeRetriever(Matrix(rows: keys.rows, columns: keys.columns, values: keys.values.map { -$0 }))
    }

    struct Index: Retriever {
      let exact: ExactIndex
      let fault: Fault
      var count: Int { exact.count }
      var width: Int { exact.width }
      func write(to folder: URL) throws {}

      func search(_ queries: Matrix, neighbours k: Int, among mayBeFound: [Bool]?) throws -> [[Neighbour]] {
        try exact.search(
          queries, neighbours: fault == .poorRecall ? k + 1 : k, among: fault == .findsWhatMayNotBe ? nil : mayBeFound
        ).map { answer in
          switch fault {
          case .order: answer.reversed()
          case .similarity: answer.map { Neighbour(row: $0.row, similarity: $0.similarity + 1e-4) }
          case .shortAnswer: Array(answer.dropLast())
          case .twice: answer.map { _ in answer[0] }
          case .highTies: answer.sorted { ($0.similarity, $0.row) > ($1.similarity, $1.row) }
          case .poorRecall: answer.count > k ? Array(answer.dropFirst()) : answer
          case .acceptsAnything, .forgets, .findsWhatMayNotBe, .extendsBadly: answer
          }
        }
      }
    }
  }
}
