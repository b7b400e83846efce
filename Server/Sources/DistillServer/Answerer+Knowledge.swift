import DistillCore
import DistillKnowledge
import DistillPipeline
import Hummingbird

/// Routes that read and change what a run knows.
extension Answerer {
  private struct Listing: Encodable {
    let run: String
    let version, total: Int
    let entries: [KnowledgeEntry]
  }

  private struct Change: Encodable {
    let run: String
    let version: Int
    let ids: [Int]
    let labels: [String]?
  }

  func list(_ place: RunPlace, _ query: Query) throws -> Response {
    try query.check("label", "source", "text", "id", "limit", "offset")
    let run = place.current
    guard run.finished.augmentation != nil else {
      throw APIError(.notFound, "the run \(run.name) has no knowledge base")
    }
    let (labels, sources, texts) = (query.all("label"), query.all("source"), query.all("text"))
    let (ids, limit, offset) = (
      try query.numbers("id"), try query.number("limit", default: 100), try query.number("offset", default: 0)
    )
    let found = run.finished.knownEntries.filter { entry in
      (ids.isEmpty || ids.contains(entry.id))
        && labels.allSatisfy { entry.allLabels?.contains($0) == true }
        && sources.allSatisfy { entry.source == $0 || entry.source?.hasPrefix($0 + ":") == true }
        && texts.allSatisfy { entry.text?.contains($0) == true || entry.pair?.contains($0) == true }
    }
    return try .json(
      Listing(
        run: run.name, version: run.version, total: found.count,
        entries: Array(found.dropFirst(offset).prefix(min(limit, 1000)))))
  }

  func teach(_ request: TeachRequest, _ place: RunPlace, _ query: Query) async throws -> Response {
    try query.check()
    try checkChanges(of: place)
    guard !request.entries.isEmpty, request.entries.count <= options.maximumTexts else {
      throw APIError(
        request.entries.isEmpty ? .badRequest : .contentTooLarge,
        "\(request.entries.count) entries; there must be 1 to \(options.maximumTexts)")
    }
    let entries = request.entries.map {
      KnowledgeEntry(
        text: $0.text, pair: $0.pair, label: $0.label, labels: $0.labels, score: $0.score, source: $0.source)
    }
    let threads = options.threads
    let ids = try await change(place) { run in
      try Compute.$threads.withValue(threads) { try run.teach(entries, note: "over HTTP") }
    }
    return try changed(place, Array(ids), .created)
  }

  func forget(_ place: RunPlace, _ query: Query) async throws -> Response {
    try query.check("id")
    try checkChanges(of: place)
    let ids = Array(Set(try query.numbers("id"))).sorted()
    if ids.isEmpty {
      throw APIError(.badRequest, "say which entries: /knowledge?id=17&id=18; GET /knowledge lists them")
    }
    try await change(place) { run in
      try run.knowledgeLog().remove(ids, note: "over HTTP")
      try run.refreshIndex()
    }
    return try changed(place, ids, .ok)
  }

  private func changed(_ place: RunPlace, _ ids: [Int], _ status: HTTPResponse.Status) throws -> Response {
    let run = place.current
    var response = try Response.json(
      Change(run: run.name, version: run.version, ids: ids, labels: run.finished.task.kind.labels))
    response.status = status
    return response
  }

  private func checkChanges(of place: RunPlace) throws(APIError) {
    guard options.allowsChanges else {
      throw APIError(.forbidden, "this server changes nothing; start it with --allow-changes")
    }
    guard place.current.finished.augmentation != nil else {
      throw APIError(.notFound, "the run \(place.name) has no knowledge base")
    }
  }

  private func change<T: Sendable>(
    _ place: RunPlace, _ body: @escaping @Sendable (FinishedRun) throws -> T
  ) async throws -> T {
    do { return try await place.change(body) } catch let error as ContractError {
      throw APIError(.badRequest, "\(error)")
    } catch let busy as KnowledgeLog.Busy {
      throw .busy(busy.description, retryAfter: 1, status: .conflict) as APIError
    }
  }
}
