import Foundation
import Hummingbird
import NIOCore

extension Response {
  /// Creates an answer of JSON, with members in the order of their names.
  static func json(_ value: some Encodable) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A model with damaged weights can answer NaN. That is said, and is no failure of the server.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return Response(bytes: try encoder.encode(value), type: "application/json")
  }

  /// Creates an answer of bytes, which no browser may take for another type than it has.
  init(bytes: some Sequence<UInt8>, type: String) {
    self.init(
      status: .ok, headers: [.contentType: type, .xContentTypeOptions: "nosniff"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
