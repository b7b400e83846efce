import DistillCore
import DistillPipeline
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Answers requests.
struct Answerer: HTTPResponder {
  typealias Context = ClientContext

  let runs: [RunPlace]
  let options: ServerOptions
  let queue: BatchQueue
  let metrics: ServerMetrics
  let keys: AccessKeys
  /// Whether the client whose request this copy answers has gone.
  private var isGone: @Sendable () -> Bool = { false }

  init(runs: [RunPlace], options: ServerOptions, queue: BatchQueue, metrics: ServerMetrics, keys: AccessKeys) {
    (self.runs, self.options, self.queue, self.metrics, self.keys) = (runs, options, queue, metrics, keys)
  }

  private func serving(_ client: ClientContext) -> Answerer {
    var copy = self
    copy.isGone = { client.isGone }
    return copy
  }

  func respond(to request: Request, context: Context) async throws -> Response {
    let start = ContinuousClock.now
    let (endpoint, name) = Endpoint.named(request.uri.path) ?? (nil, nil)
    let isOpenAI = endpoint == .embeddings || endpoint == .models
    var response: Response
    do {
      response = try await serving(context).answer(request, endpoint, name)
    } catch let error as APIError {
      response = error.response(isOpenAI: isOpenAI)
    } catch is NIOTooManyBytesError {
      response = tooLarge.response(isOpenAI: isOpenAI)
    } catch is CancellationError {
      throw CancellationError()
    } catch let error where error is ContractError || error is FormatError || error is ComputeError {
      context.logger.error("\(request.method) \(request.uri.path): \(error)")
      response = APIError(.internalServerError, "the run cannot answer: \(error)").response(isOpenAI: isOpenAI)
    }
    if request.method == .head { response = response.createHeadResponse() }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    metrics.request(endpoint?.rawValue ?? "other", status: response.status.code, seconds: seconds)
    return response
  }

  private var tooLarge: APIError {
    APIError(
      .contentTooLarge,
      "the body has more than \(options.maximumBody) bytes; ask in several requests, or start the server with a larger --max-body"
    )
  }

  private func answer(_ request: Request, _ endpoint: Endpoint?, _ name: String?) async throws -> Response {
    if endpoint?.isOpen != true { try keys.check(request) }
    guard let endpoint else {
      throw APIError(.notFound, "there is nothing at \(request.uri.path); /openapi.json lists what there is")
    }
    guard endpoint.methods.contains(request.method) else {
      let methods = endpoint.methods.map(\.rawValue).joined(separator: ", ")
      throw APIError(
        .methodNotAllowed, "\(endpoint.rawValue) takes \(methods), and not \(request.method.rawValue)",
        headers: [.allow: methods])
    }
    let place = try place(name)
    let query = Query(request.uri.query)
    switch (endpoint, request.method) {
    case (.page, _): return page
    case (.description, _): return Response(bytes: PackageResources.openapi_json, type: "application/json")
    case (.health, _), (.ready, _): return try .json(["status": "ok"])
    case (.live, _): return try .json(["live": true])
    case (.readyToInfer, _): return try .json(["ready": true])
    case (.metrics, _):
      let text = metrics.text(waiting: queue.waitingTexts)
      return Response(bytes: text.utf8, type: "text/plain; version=0.0.4; charset=utf-8")
    case (.info, _): return try info(place)
    case (.models, _): return try openAIModels()
    case (.server, _): return try inferenceServer()
    case (.model, _): return try inferenceModel(place)
    case (.modelReady, _): return try .json(InferenceReady(name: place.name, ready: true))
    case (.predict, _): return try await predict(body(request), place)
    case (.embed, _): return try await embed(body(request), place)
    case (.embeddings, _): return try await openAIEmbeddings(body(request), place, isNamed: name != nil)
    case (.infer, _): return try await infer(body(request), place)
    case (.knowledge, .post): return try await teach(body(request), place, query)
    case (.knowledge, .delete): return try await forget(place, query)
    case (.knowledge, _): return try list(place, query)
    }
  }

  /// Returns the run of a name, or the first one.
  func place(_ name: String?) throws(APIError) -> RunPlace {
    guard let name else { return runs[0] }
    if let run = runs.first(where: { $0.name == name }) { return run }
    throw APIError(.notFound, "there is no run '\(name)'; there are \(runs.map(\.name).joined(separator: ", "))")
  }

  /// Decodes the body of a request.
  private func body<T: Decodable>(_ request: Request) async throws -> T {
    let type = request.headers[.contentType].map { $0.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces) }
    if let type, type.lowercased() != "application/json" {
      throw APIError(
        .unsupportedMediaType, "the body is \(type); send JSON with `Content-Type: application/json` (curl: --json)")
    }
    if let length = request.headers[.contentLength].flatMap(Int.init), length > options.maximumBody { throw tooLarge }
    return try JSONBody.decode(T.self, from: try await request.body.collect(upTo: options.maximumBody))
  }

  /// Returns the answers to texts, and the number of their tokens.
  func ask(
    _ question: BatchQueue.Question, _ texts: [TextInput], _ run: OpenedRun
  ) async throws -> (answers: [BatchQueue.Answer], tokens: Int) {
    guard texts.count <= options.maximumTexts else {
      throw APIError(
        .contentTooLarge,
        "\(texts.count) texts; at most \(options.maximumTexts) fit a request, unless the server is started with a larger --max-texts"
      )
    }
    if !run.finished.hasPairs, question == .prediction, let index = texts.firstIndex(where: { $0.pair != nil }) {
      throw APIError(
        .badRequest,
        "text \(index) is a pair, and this run answers single texts; several texts are [[\"a\"], [\"b\"]] in `inputs`")
    }
    if run.finished.hasPairs, question == .prediction, let index = texts.firstIndex(where: { $0.pair == nil }) {
      throw APIError(.badRequest, "text \(index) is a single text, and this run answers pairs: [\"first\", \"second\"]")
    }
    let sequences = texts.map { run.finished.sequence(of: Example(text: $0.text, pair: $0.pair, line: 1)) }
    let tokens = sequences.reduce(0) { $0 + $1.ids.count }
    guard tokens <= options.maximumTokens else {
      throw APIError(
        .contentTooLarge,
        "the texts have \(tokens) tokens; at most \(options.maximumTokens) fit a request, unless the server is started with a larger "
          + "--max-tokens")
    }
    return (try await queue.answers(question, to: sequences, by: run, unless: isGone), tokens)
  }

  func predictions(_ texts: [TextInput], _ run: OpenedRun) async throws -> [Prediction] {
    try await ask(.prediction, texts, run).answers.compactMap {
      if case .prediction(let prediction) = $0 { prediction } else { nil }
    }
  }

  func vectors(_ texts: [TextInput], _ run: OpenedRun) async throws -> (vectors: [[Float]], tokens: Int) {
    let (answers, tokens) = try await ask(.embedding, texts, run)
    return (answers.compactMap { if case .embedding(let vector) = $0 { vector } else { nil } }, tokens)
  }

  /// The page, which may load nothing from elsewhere.
  private var page: Response {
    var response = Response(bytes: PackageResources.page_html, type: "text/html; charset=utf-8")
    response.headers[.contentSecurityPolicy] =
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return response
  }
}
