import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes the connection of a client that takes too long to send its request, that does not read its answer, or that has left.
///
/// Hummingbird closes connections that are silent while the server waits for a request. A client that sends a byte now and then, or none
/// at all while an answer is being sent, would otherwise keep its connection for ever.
final class SlowClients: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let time: TimeAmount
  private var deadline: Scheduled<Void>?

  private init(_ time: TimeAmount) { self.time = time }

  /// Returns the handlers of a connection.
  ///
  /// - Parameters:
  ///   - request: How long a request may take from its head to the end of its body.
  ///   - silence: How long neither side may have sent anything while a part of an answer is still to be sent.
  static func handlers(request: TimeAmount, silence: TimeAmount) -> [any RemovableChannelHandler] {
    [IdleStateHandler(allTimeout: silence), SlowClients(request)]
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head: close(context.channel, in: time)
    case .body: break
    case .end: deadline?.cancel()
    }
    context.fireChannelRead(data)
  }

  private func close(_ channel: any Channel, in time: TimeAmount) {
    deadline?.cancel()
    deadline = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent {
      if !context.channel.isWritable { context.close(promise: nil) }
      return
    }
    switch event as? ChannelEvent {
    // A client that sends no more has most likely left, and its requests need not be answered.
    case .inputClosed: return context.close(promise: nil)
    // After a request that cannot be parsed, nobody reads what else the client has sent, and so nobody would see that it has left.
    case .outputClosed: close(context.channel, in: .seconds(1))
    case nil: break
    }
    context.fireUserInboundEventTriggered(event)
  }
}
