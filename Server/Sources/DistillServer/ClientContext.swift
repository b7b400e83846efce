import Hummingbird
import NIOCore

/// What is known of a request beside the request itself.
struct ClientContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  private let channel: any Channel

  init(source: Source) {
    coreContext = .init(source: source)
    channel = source.channel
  }

  /// Whether the client has closed the connection, so that nobody waits for the answer.
  var isGone: Bool { !channel.isActive }
}
