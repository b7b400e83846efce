import DistillCore
import Foundation

/// Checks that a retriever does what every retriever must do:
///
/// ```swift
/// @Test func conforms() throws { try RetrieverConformance(MyRecipe(), recall: 0.95).check() }
/// ```
public struct RetrieverConformance {
  /// The error that a retriever does not do what its protocol promises.
  public struct Failure: Error, CustomStringConvertible, Sendable {
    public let description: String
  }

  private let recipe: any RetrieverRecipe
  private let recall: Double
  private let key: RandomKey

  /// Creates the checks of a recipe.
  ///
  /// - `recall`: The share of the ten nearest among 1,000 random vectors of width 24 that the retriever must find. It is 1 for an
  ///   exact retriever.
  /// - `seed`: The seed of the vectors.
  public init(_ recipe: any RetrieverRecipe, recall: Double, seed: UInt64 = 1) {
    (self.recipe, self.recall, key) = (recipe, recall, RandomKey(seed))
  }

  /// Performs all checks.
  ///
  /// - Throws: ``Failure``, or any error of the retriever.
  public func check() throws {
    try checkNeighbours()
    try checkDuplicates()
    try checkAllOfFew()
    try checkFilter()
    try checkExtending()
    try checkWriting()
    try checkRefusals()
  }

  /// Checks that the nearest keys are found in order and with their similarities.
  package func checkNeighbours() throws {
    try checkRecall(unitVectors(1_000, "keys"), queries: unitVectors(100, "queries"), "among random vectors")
    let answers = try recipe.makeRetriever(unitVectors(5, "keys")).search(
      Matrix(rows: 0, columns: 24, values: []), neighbours: 3)
    try require(answers.isEmpty, "no queries have \(answers.count) answers")
  }

  /// Checks that equal keys are found in the order of their rows and do not hide other keys.
  package func checkDuplicates() throws {
    let places = unitVectors(5, "keys")
    try checkAll(of: places.gathered((0..<40).map { $0 % 5 }), neighbours: 40)
    let heap = unitVectors(600, "keys").gathered((0..<600).map { $0.isMultiple(of: 2) ? 0 : $0 })
    try checkRecall(heap, queries: unitVectors(100, "queries"), "among vectors half of which are equal")
  }

  /// Checks indexes of no key and of one key, and searches for more neighbours than there are keys.
  package func checkAllOfFew() throws {
    try checkAll(of: unitVectors(0, "keys"), neighbours: 3)
    try checkAll(of: unitVectors(1, "keys"), neighbours: 1)
    try checkAll(of: unitVectors(1, "keys"), neighbours: 3)
    try checkAll(of: unitVectors(100, "keys"), neighbours: 100)
    try checkAll(of: unitVectors(100, "keys"), neighbours: 1_000)
    // More than a search that keeps a fixed number of candidates would find.
    try checkAll(of: unitVectors(1_000, "keys"), neighbours: 700)
  }

  /// Checks that only keys are found that may be, however many these are.
  package func checkFilter() throws {
    let (keys, queries) = (unitVectors(1_000, "keys"), unitVectors(100, "queries"))
    let retriever = try recipe.makeRetriever(keys)
    for share in [0, 2, 20, 300, 900, 1_000] {
      let mayBeFound = (0..<1_000).map { key.child("filter").integer(below: 1_000, UInt64($0)) < share }
      let rows = mayBeFound.indices.filter { mayBeFound[$0] }
      let answers = try retriever.search(queries, neighbours: 10, among: mayBeFound).map { answer in
        answer.compactMap { found in
          rows.firstIndex(of: found.row).map { Neighbour(row: $0, similarity: found.similarity) }
        }
      }
      try checkRecall(
        of: answers, keys.gathered(rows), queries, "among \(rows.count) of 1,000 vectors that may be found")
    }
  }

  /// Checks that an index that was extended is the one that is made of all keys.
  package func checkExtending() throws {
    let (keys, queries) = (unitVectors(400, "keys"), unitVectors(100, "queries"))
    let expected = try recipe.makeRetriever(keys).search(queries, neighbours: 10)
    for count in [0, 1, 399, 400] {
      let start = try recipe.makeRetriever(keys.gathered(Array(0..<count)))
      let retriever = try recipe.extend(start, to: keys)
      try require(
        retriever.count == keys.rows && retriever.search(queries, neighbours: 10) == expected,
        "an index of \(count) keys that was extended to 400 finds others than one that was made of all")
    }
  }

  /// Checks that a retriever that was written and loaded gives the same results.
  package func checkWriting() throws {
    for count in [0, 1, 300] {
      let keys = unitVectors(count, "keys")
      let queries = unitVectors(20, "queries")
      let retriever = try recipe.makeRetriever(keys)
      let folder = FileManager.default.temporaryDirectory.appending(path: "retriever-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try retriever.write(to: folder)
      let loaded = try recipe.loadRetriever(from: folder, keys: keys)
      try require(loaded.count == count && loaded.width == 24, "loaded as [\(loaded.count), \(loaded.width)]")
      let (before, after) = (
        try retriever.search(queries, neighbours: 7), try loaded.search(queries, neighbours: 7)
      )
      try require(before == after, "\(count) keys are searched otherwise after writing and loading")
    }
  }

  /// Checks that a retriever throws a `ContractError` for invalid queries and keys.
  package func checkRefusals() throws {
    let keys = unitVectors(30, "keys")
    let retriever = try recipe.makeRetriever(keys)
    let query = unitVectors(2, "queries")
    try refuses("0 neighbours") { _ = try retriever.search(query, neighbours: 0) }
    try refuses("-1 neighbours") { _ = try retriever.search(query, neighbours: -1) }
    try refuses("a query of another width") {
      _ = try retriever.search(Matrix(rows: 1, columns: 23, values: Array(repeating: 0, count: 23)), neighbours: 1)
    }
    try refuses("a filter of another length") {
      _ = try retriever.search(query, neighbours: 1, among: Array(repeating: true, count: 29))
    }
    for bad in [Float.nan, .infinity, -.infinity] {
      try refuses("a query with \(bad)") { _ = try retriever.search(query.replacingLast(bad), neighbours: 1) }
      try refuses("a key with \(bad)") { _ = try recipe.makeRetriever(keys.replacingLast(bad)) }
    }
  }

  private func refuses(_ what: String, _ body: () throws -> Void) throws {
    do { try body() } catch is ContractError { return } catch {
      throw Failure(description: "\(what) is refused with \(type(of: error)), not ContractError")
    }
    throw Failure(description: "\(what) is not refused")
  }

  private func checkRecall(_ keys: Matrix, queries: Matrix, _ place: String) throws {
    let answers = try recipe.makeRetriever(keys).search(queries, neighbours: 10)
    try checkRecall(of: answers, keys, queries, place)
  }

  private func checkRecall(of answers: [[Neighbour]], _ keys: Matrix, _ queries: Matrix, _ place: String) throws {
    try require(answers.count == queries.rows, "\(queries.rows) queries have \(answers.count) answers")
    let due = min(10, keys.rows)
    if due == 0 { return try require(answers.allSatisfy(\.isEmpty), "something was found where nothing may be") }
    var hits = 0
    for (query, answer) in answers.enumerated() {
      let truth = similarities(of: queries.row(query), keys)
      try checkForm(answer, truth, expected: due)
      // Hits are counted by similarity, because any of several equal keys is correct. Rounding changes the products of unit
      // vectors by up to 1e-6.
      let tenth = truth.sorted(by: >)[due - 1]
      hits += answer.count { truth[$0.row] >= tenth - 1e-6 }
    }
    let found = Double(hits) / Double(due * queries.rows)
    try require(found >= recall, "recall@10 \(place) is \(found), declared was \(recall)")
  }

  private func checkAll(of keys: Matrix, neighbours k: Int) throws {
    let retriever = try recipe.makeRetriever(keys)
    try require(
      retriever.count == keys.rows && retriever.width == keys.columns,
      "[\(keys.rows), \(keys.columns)] keys are [\(retriever.count), \(retriever.width)] to the retriever")
    let queries = unitVectors(20, "queries")
    let answers = try retriever.search(queries, neighbours: k)
    try require(answers.count == queries.rows, "\(queries.rows) queries have \(answers.count) answers")
    for (query, answer) in answers.enumerated() {
      try checkForm(answer, similarities(of: queries.row(query), keys), expected: min(k, keys.rows))
      for (one, next) in zip(answer, answer.dropFirst()) where keys.row(one.row) == keys.row(next.row) {
        try require(one.row < next.row, "of the equal keys \(next.row) and \(one.row) the higher row comes first")
      }
    }
  }

  /// Checks that a result contains distinct rows that exist, in the right order and with their true similarities.
  private func checkForm(_ answer: [Neighbour], _ truth: [Double], expected: Int) throws {
    try require(answer.count == expected, "\(expected) of \(truth.count) keys were due, \(answer.count) came")
    try require(Set(answer.map(\.row)).count == answer.count, "a row was found twice: \(answer.map(\.row))")
    for neighbour in answer {
      try require(truth.indices.contains(neighbour.row), "row \(neighbour.row) does not exist among \(truth.count)")
      let error = abs(Double(neighbour.similarity) - truth[neighbour.row])
      try require(
        error < 1e-5, "row \(neighbour.row) has similarity \(neighbour.similarity), not \(truth[neighbour.row])")
    }
    for (one, next) in zip(answer, answer.dropFirst()) {
      try require(
        one.similarity > next.similarity || one.similarity == next.similarity && one.row < next.row,
        "row \(next.row) with \(next.similarity) comes after row \(one.row) with \(one.similarity)")
    }
  }

  private func similarities(of query: ArraySlice<Float>, _ keys: Matrix) -> [Double] {
    (0..<keys.rows).map { zip(query, keys.row($0)).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
  }

  private func unitVectors(_ count: Int, _ name: String) -> Matrix {
    let key = key.child(name)
    let rows = (0..<count).flatMap { row in
      let numbers = (0..<24).map { key.normal(UInt64(row * 24 + $0)) }
      let length = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return numbers.map { $0 / length }
    }
    return Matrix(rows: count, columns: 24, values: rows)
  }

  private func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw Failure(description: message()) }
  }
}

extension Matrix {
  fileprivate func replacingLast(_ value: Float) -> Matrix {
    Matrix(rows: rows, columns: columns, values: values.dropLast() + [value])
  }
}
