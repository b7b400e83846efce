import Hummingbird

/// The keys that open the server. Without any it is open to everybody who reaches it.
struct AccessKeys: Sendable {
  private let keys: [[UInt8]]

  init(_ keys: [String]) { self.keys = keys.map { Array($0.utf8) } }

  /// Checks the field `Authorization: Bearer KEY` of a request.
  func check(_ request: Request) throws(APIError) {
    if keys.isEmpty { return }
    let challenge: HTTPFields = [.wwwAuthenticate: "Bearer"]
    guard let field = request.headers[.authorization] else {
      throw APIError(.unauthorized, "this server needs a key: send `Authorization: Bearer KEY`", headers: challenge)
    }
    let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    let given = parts.count == 2 && parts[0].lowercased() == "bearer" ? Array(parts[1].utf8) : []
    // Every key is compared to its end, so that the time tells nothing about how much of one was right.
    var isRight = false
    for key in keys where Self.areEqual(key, given) { isRight = true }
    guard isRight else { throw APIError(.unauthorized, "the key is not right", headers: challenge) }
  }

  /// Compares two sequences of bytes in a time that depends on the length of `given` alone.
  private static func areEqual(_ key: [UInt8], _ given: [UInt8]) -> Bool {
    var difference = UInt(bitPattern: key.count ^ given.count)
    for (index, byte) in given.enumerated() { difference |= UInt(byte ^ key[key.isEmpty ? 0 : index % key.count]) }
    return difference == 0
  }
}
