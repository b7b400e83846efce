import ArgumentParser
import DistillCore
import DistillPipeline
import DistillServer
import Foundation
import Hummingbird
import Logging

/// The program `distill-serve`, which `distill serve` starts.
@main
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill serve",
    abstract: "Answer over HTTP with finished runs.",
    discussion: """
      distill serve runs/support-intents
      curl --json '{"texts": ["where is my parcel"]}' http://127.0.0.1:8080/predict

      A page to try it with is at http://127.0.0.1:8080, and /openapi.json describes every route: POST /predict, /embed, /knowledge, \
      /v1/embeddings (as OpenAI's), /v2/models/NAME/infer (Open Inference Protocol), GET /info, /health, /ready, /metrics. Of several \
      runs, the first answers there, and each at /runs/NAME/predict and so on, where NAME is the name of its folder.

      Texts that are asked at the same time are calculated together. When the folder of a run changes, by `distill knowledge add` or \
      because another run takes its place, the server goes over to it within a second or two, and no request is lost. SIGTERM, SIGINT and SIGHUP end it \
      after everything that was accepted is answered.

      Whoever reaches the server may ask. By default that is this machine alone; before you choose another --host, give it a key \
      (--key-file, or the environment variable DISTILL_KEY), and something in front of it that speaks TLS.
      """,
    version: SwiftDistill.version)

  @Argument(help: ArgumentHelp("Folders of finished runs.", valueName: "run"))
  var runs: [String]
  @Option(help: "The address to listen on; 0.0.0.0 is every one of this machine.")
  var host = "127.0.0.1"
  @Option(help: "The port to listen on; 0 takes a free one.")
  var port = 8080
  @Option(help: "File with a key in each line; requests must show one of them: `Authorization: Bearer KEY`.")
  var keyFile: String?
  @Flag(help: "Let requests add to knowledge bases and remove from them.")
  var allowChanges = false
  @Option(help: "The largest body of a request, in bytes.")
  var maxBody = ServerOptions().maximumBody
  @Option(help: "The largest number of texts of a request.")
  var maxTexts = ServerOptions().maximumTexts
  @Option(help: "The largest number of tokens of a request.")
  var maxTokens = ServerOptions().maximumTokens
  @Option(help: "The largest number of texts that wait; beyond it, requests are told to come again (429).")
  var maxQueue = ServerOptions().maximumQueue
  @Option(help: "Tokens that are calculated at once: more answer more texts a second, fewer let nobody wait long.")
  var batchTokens = ServerOptions().batchTokens
  @Option(help: "How long a request may take to come, and then to be answered, in seconds.")
  var timeout = ServerOptions().timeout
  @Option(help: "Connections at a time; others wait until one is closed.")
  var maxConnections = ServerOptions().maximumConnections
  @Option(help: "Threads to use. Default: all cores, or DISTILL_THREADS.")
  var threads: Int?
  @Option(help: "float32, bfloat16 or int8, what linear layers calculate in. Default: as in each run.")
  var precision: Precision?

  func validate() throws {
    if !(0...65_535).contains(port) { throw ValidationError("--port must be 0 to 65535") }
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be between 1 and 1024") }
    let limits = [
      ("--max-body", maxBody), ("--max-texts", maxTexts), ("--max-tokens", maxTokens), ("--max-queue", maxQueue),
      ("--batch-tokens", batchTokens), ("--max-connections", maxConnections),
    ]
    if let wrong = limits.first(where: { $0.1 < 1 }) { throw ValidationError("\(wrong.0) must be 1 or more") }
    if !(timeout > 0 && timeout <= 86_400) {
      throw ValidationError("--timeout must be more than 0 and at most 86400 seconds")
    }
  }

  func run() async throws {
    do {
      try Compute.checkEnvironment()
      let registry = try PluginRegistry(CompiledPlugins.all, kinds: PluginKind.pipeline)
      let server = try DistillServer(runs.map { URL(filePath: $0) }, registry: registry, options: try options())
      let (host, names) = (host, server.names)
      let application = server.application { port in
        let place = host.contains(":") ? "[\(host)]" : host
        print("http://\(place):\(port.map(String.init) ?? "?") serves \(names.joined(separator: ", "))")
        fflush(nil)
      }
      try await application.runService(gracefulShutdownSignals: [.sigterm, .sigint, .sighup])
    } catch let error as ValidationError {
      throw error
    } catch {
      FileHandle.standardError.write(
        Data("error: \((error as? any LocalizedError)?.errorDescription ?? "\(error)")\n".utf8))
      throw ExitCode(1)
    }
  }

  private func options() throws -> ServerOptions {
    var options = ServerOptions()
    (options.host, options.port, options.keys, options.allowsChanges) = (host, port, try keys(), allowChanges)
    (options.maximumBody, options.maximumTexts, options.maximumTokens) = (maxBody, maxTexts, maxTokens)
    (options.maximumQueue, options.batchTokens, options.timeout) = (maxQueue, batchTokens, timeout)
    options.maximumConnections = maxConnections
    (options.threads, options.precision) = (threads ?? Compute.threads, precision)
    return options
  }

  private func keys() throws -> [String] {
    var keys: [String] = []
    if let keyFile {
      guard let data = FileManager.default.contents(atPath: keyFile), let text = String(data: data, encoding: .utf8)
      else {
        throw ValidationError("--key-file \(keyFile) cannot be read")
      }
      keys = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty }
      if keys.isEmpty { throw ValidationError("--key-file \(keyFile) has no key") }
    }
    // A variable that is set and empty is most likely a mistake that would leave the server open.
    if let key = ProcessInfo.processInfo.environment["DISTILL_KEY"] {
      if key.isEmpty { throw ValidationError("DISTILL_KEY is empty; unset it, or give it a key") }
      keys.append(key)
    }
    return keys
  }
}

extension Precision: @retroactive ExpressibleByArgument {}
