import DistillServer
import Foundation
import Logging
import ServiceLifecycle

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A server of copies of the tiny runs. HummingbirdTesting has a client as well, which needs a library of TLS, and with it twice the time
/// to build.
struct Bench {
  let folder: URL
  let server: DistillServer

  init(_ names: [String] = ["intents", "pairs"], _ change: (inout ServerOptions) -> Void = { _ in }) throws {
    folder = try TinyRuns.copy()
    var options = ServerOptions()
    options.port = 0
    change(&options)
    server = try DistillServer(
      names.map { [folder] in folder.appending(path: $0) }, registry: TinyRuns.registry, options: options)
  }

  /// Calls a function with a client of the server, which is stopped then as by a signal.
  func test(_ body: @Sendable @escaping (Client) async throws -> Void) async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let services = ServiceGroup(
      configuration: .init(services: [server.application { listening.yield($0 ?? 0) }], logger: Logger(label: "test")))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { listening.finish() }
        try await services.run()
      }
      group.addTask {
        for await port in ports {
          let result: Result<Void, any Error>
          do { result = .success(try await body(Client(port: port))) } catch { result = .failure(error) }
          await services.triggerGracefulShutdown()
          return try result.get()
        }
      }
      try await group.waitForAll()
    }
  }
}

/// A client that reads JSON.
struct Client: Sendable {
  struct Answer {
    let status: Int
    let response: HTTPURLResponse
    let text: String
    var json: Any? { try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) }
    var object: [String: Any] { json as? [String: Any] ?? [:] }
    /// What is wrong, in our shape or in OpenAI's.
    var error: String? {
      object["error"] as? String ?? (object["error"] as? [String: Any])?["message"] as? String
    }
    subscript(name: String) -> Any? { object[name] }
    func header(_ name: String) -> String? { response.value(forHTTPHeaderField: name) }
  }

  struct NoAnswer: Error {}

  private let port: Int
  private let session: URLSession

  init(port: Int) {
    self.port = port
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = 16
    session = URLSession(configuration: configuration)
  }

  func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
    try await send(path, "GET", nil, headers)
  }

  func post(
    _ path: String, _ body: String, headers: [String: String] = ["Content-Type": "application/json"]
  ) async throws -> Answer {
    try await send(path, "POST", body, headers)
  }

  func send(
    _ path: String, _ method: String, _ body: String? = nil, _ headers: [String: String] = [:]
  ) async throws -> Answer {
    guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw NoAnswer() }
    var request = URLRequest(url: url)
    request.httpMethod = method
    request.httpBody = body.map { Data($0.utf8) }
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await session.data(for: request)
    guard let response = response as? HTTPURLResponse else { throw NoAnswer() }
    return Answer(status: response.statusCode, response: response, text: String(decoding: data, as: UTF8.self))
  }
}
