import Hummingbird

/// A request that is refused, with what to do about it. It becomes the answer `{"error": "…"}`.
struct APIError: Error {
  let status: HTTPResponse.Status
  let message: String
  var headers: HTTPFields = [:]

  init(_ status: HTTPResponse.Status, _ message: String, headers: HTTPFields = [:]) {
    (self.status, self.message, self.headers) = (status, message, headers)
  }

  static func busy(_ message: String, retryAfter seconds: Int, status: HTTPResponse.Status) -> APIError {
    APIError(status, message, headers: [.retryAfter: "\(seconds)"])
  }

  /// Returns the answer.
  ///
  /// - Parameter isOpenAI: Whether `error` is an object with a message, where OpenAI's clients look for it.
  func response(isOpenAI: Bool) -> Response {
    let body: any Encodable =
      isOpenAI ? ["error": ["message": message, "type": "invalid_request_error"]] : ["error": message]
    var response = (try? Response.json(body)) ?? Response(status: status)
    response.status = status
    response.headers.append(contentsOf: headers)
    return response
  }
}
