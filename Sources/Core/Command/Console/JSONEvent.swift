import DistillCore
import Foundation

/// A line of `--json`: an object with the name of the event, the time, and what the event tells.
struct JSONEvent<Body: Encodable>: Encodable {
  let name: String
  let body: Body

  init(_ name: String, _ body: Body) { (self.name, self.body) = (name, body) }

  private enum CodingKeys: CodingKey { case event, time }

  func encode(to encoder: any Encoder) throws {
    try body.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .event)
    try container.encode(Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)), forKey: .time)
  }
}

extension JSONEvent where Body == Never {
  /// Returns an event as a line of JSON. Numbers that JSON cannot express become the strings "nan", "inf" and "-inf".
  static func line(_ event: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return (try? encoder.encode(event)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
