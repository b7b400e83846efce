import DistillCore

/// What the server allows.
public struct ServerOptions: Sendable {
  /// The address to listen on. Others than this machine reach the server only if it is another than 127.0.0.1.
  public var host = "127.0.0.1"
  /// The port to listen on, or 0 for one that is free.
  public var port = 8080
  /// The keys of which a request must show one, or none if everybody may ask.
  public var keys: [String] = []
  /// Whether requests may add to knowledge bases and remove from them.
  public var allowsChanges = false
  /// The largest body of a request, in bytes.
  public var maximumBody = 1 << 20
  /// The largest number of texts of a request.
  public var maximumTexts = 256
  /// The largest number of tokens of a request, after each text has been cut to what the student reads.
  public var maximumTokens = 32_768
  /// The largest number of texts that wait for an answer. Requests beyond it are refused until some are answered.
  public var maximumQueue = 1024
  /// The number of tokens that are calculated at once, unless a single text has more.
  public var batchTokens = 2048
  /// How long a request may take to come, and then wait for its answer, in seconds.
  public var timeout = 30.0
  /// How long a connection may be silent while the server waits for a request or for its answer to be read, in seconds.
  public var idleTimeout = 60.0
  /// The number of connections at a time. Others wait until one of them is closed.
  public var maximumConnections = 512
  /// The number of threads that calculate.
  public var threads = Compute.threads
  /// The precision that students calculate in, or `nil` for that of each run.
  public var precision: Precision?

  /// Creates the default options.
  public init() {}
}
