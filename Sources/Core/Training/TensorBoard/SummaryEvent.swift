import DistillCore
import Foundation

/// Figures of one step, as TensorBoard's event files hold them: the message `Event` of TensorFlow's event.proto.
struct SummaryEvent {
  private let time: Date
  private let step: Int
  private var summary = ProtobufMessage()

  init(at time: Date, step: Int) { (self.time, self.step) = (time, step) }

  /// Adds a figure, which TensorBoard draws over the steps.
  mutating func add(_ tag: String, _ value: Double) {
    var entry = ProtobufMessage()
    entry.add(1, text: tag)
    entry.add(2, float: Float(value))
    summary.add(1, message: entry)
  }

  /// Adds a text, as a tensor of one string that belongs to TensorBoard's plugin for texts.
  mutating func add(_ tag: String, _ text: String) {
    var (tensor, plugin, metadata, entry) = (ProtobufMessage(), ProtobufMessage(), ProtobufMessage(), ProtobufMessage())
    tensor.add(1, integer: 7)  // the type of strings
    tensor.add(2, message: ProtobufMessage())  // a shape without dimensions
    tensor.add(8, text: text)
    plugin.add(1, text: "text")
    metadata.add(1, message: plugin)
    entry.add(1, text: tag)
    entry.add(8, message: tensor)
    entry.add(9, message: metadata)
    summary.add(1, message: entry)
  }

  /// The bytes of the message.
  var bytes: [UInt8] {
    var event = Self.message(at: time)
    event.add(2, integer: step)
    event.add(5, message: summary)
    return event.bytes
  }

  /// Returns the first record of every event file.
  static func version(at time: Date) -> [UInt8] {
    var event = message(at: time)
    event.add(3, text: "brain.Event:2")
    return event.bytes
  }

  private static func message(at time: Date) -> ProtobufMessage {
    var event = ProtobufMessage()
    event.add(1, double: time.timeIntervalSince1970)
    return event
  }
}
