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

  var response: Response {
    struct Body: Encodable { let error: String }
    var response = (try? Response.json(Body(error: message))) ?? Response(status: status)
    response.status = status
    response.headers.append(contentsOf: headers)
    return response
  }
}
