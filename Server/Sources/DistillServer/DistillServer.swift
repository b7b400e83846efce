import DistillCore
import DistillPipeline
import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// A server that answers with finished runs over HTTP.
public struct DistillServer: Sendable {
  private let answerer: Answerer
  private let logger: Logger

  /// Opens the runs.
  ///
  /// - Parameters:
  ///   - folders: The folders of the runs, of which the first is the default. What a run is called in paths is the name of its folder.
  ///   - registry: The plugins that the pipelines of the runs may name.
  ///   - options: What the server allows.
  ///   - logger: What is told about the server's work.
  /// - Throws: `ContractError` if there are no runs or two of one name, and the errors of opening a run.
  public init(
    _ folders: [URL], registry: PluginRegistry, options: ServerOptions = ServerOptions(),
    logger: Logger = Logger(label: "distill-serve")
  ) throws {
    guard !folders.isEmpty else { throw ContractError("there is no run to serve") }
    let metrics = ServerMetrics()
    let runs = try folders.map { folder in
      try RunPlace(folder.standardizedFileURL, registry, precision: options.precision, metrics: metrics)
    }
    for (index, run) in runs.enumerated() where runs[..<index].contains(where: { $0.name == run.name }) {
      throw ContractError("two runs are called \(run.name); paths need different names of folders")
    }
    answerer = Answerer(
      runs: runs, options: options, queue: BatchQueue(options, metrics: metrics), metrics: metrics,
      keys: AccessKeys(options.keys))
    self.logger = logger
  }

  /// The names of the runs, the default first.
  public var names: [String] { answerer.runs.map(\.name) }

  /// The server as an application of Hummingbird, which a test or a larger program can run.
  ///
  /// - Parameter onServerRunning: Called with the port when the server listens.
  public func application(
    onServerRunning: @escaping @Sendable (Int?) async -> Void = { _ in }
  ) -> some ApplicationProtocol {
    let options = answerer.options
    func time(_ seconds: Double) -> TimeAmount { .milliseconds(Int64(seconds * 1000)) }
    let (request, silence) = (time(options.timeout), time(options.idleTimeout))
    var logger = logger
    logger.logLevel = .error  // what concerns a user is told by `RunWatcher` and `distill-serve`
    return Application(
      responder: answerer,
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: SlowClients.handlers(request: request, silence: silence), idleTimeout: silence)),
      configuration: .init(
        address: .hostname(options.host, port: options.port), serverName: "swift-distill/\(SwiftDistill.version)",
        availableConnectionsDelegate: .maximum(options.maximumConnections, logger: logger)),
      services: [RunWatcher(runs: answerer.runs, logger: self.logger)],
      onServerRunning: { await onServerRunning($0.localAddress?.port) }, logger: logger)
  }
}

/// Looks every second whether the folder of a run has changed, and opens it anew then.
struct RunWatcher: Service {
  let runs: [RunPlace]
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
        for place in runs {
          do {
            guard let version = try await place.refresh() else { continue }
            logger.notice("\(place.name) has changed; version \(version) answers from now on")
          } catch {
            logger.error(
              "\(place.name) has changed, and cannot be opened; the version before it goes on answering: \(error)")
          }
        }
      }
    }
  }
}
