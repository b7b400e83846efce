import Foundation
import Hummingbird

/// What a path names.
enum Endpoint: String, CaseIterable {
  case page = "/"
  case health = "/health"
  case ready = "/ready"
  case metrics = "/metrics"
  case description = "/openapi.json"
  case models = "/v1/models"
  case server = "/v2"
  case live = "/v2/health/live"
  case readyToInfer = "/v2/health/ready"
  case model = "/v2/models/{run}"
  case modelReady = "/v2/models/{run}/ready"
  case infer = "/v2/models/{run}/infer"
  case predict = "/predict"
  case embed = "/embed"
  case embeddings = "/v1/embeddings"
  case knowledge = "/knowledge"
  case info = "/info"

  /// Whether the path may begin with `/runs/{run}`.
  var isOfRun: Bool { [.page, .predict, .embed, .embeddings, .knowledge, .info].contains(self) }

  /// Whether it is answered without a key: what tells whether the server works, and what it looks like.
  var isOpen: Bool {
    [.page, .health, .ready, .description, .live, .readyToInfer].contains(self)
  }

  var methods: [HTTPRequest.Method] {
    switch self {
    case .predict, .embed, .embeddings, .infer: [.post]
    case .knowledge: [.get, .head, .post, .delete]
    default: [.get, .head]
    }
  }
}

extension Endpoint {
  /// Returns what a path names, and the name of the run in it.
  ///
  /// - Parameter path: The path, whose parts may be percent-encoded.
  static func named(_ path: String) -> (endpoint: Endpoint, run: String?)? {
    // The parts are split before they are decoded, so that the name of a run may have a slash as %2F.
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      .map { $0.removingPercentEncoding ?? String($0) }
    let isOfRun = parts.count >= 2 && parts[0] == "runs"
    let run = isOfRun ? parts[1] : nil
    let rest = isOfRun ? Array(parts.dropFirst(2)) : parts
    for endpoint in allCases where endpoint.isOfRun || !isOfRun {
      let pattern = endpoint.rawValue.split(separator: "/").map(String.init)
      if endpoint == .page, rest.isEmpty || rest == [""] { return (endpoint, run) }
      guard endpoint != .page, pattern.count == rest.count else { continue }
      var found = run
      let fits = zip(pattern, rest).allSatisfy { part, given in
        if part == "{run}" { found = given }
        return part == "{run}" || part == given
      }
      if fits { return (endpoint, found) }
    }
    return nil
  }
}

/// The query of a URL.
struct Query {
  private let pairs: [(name: String, value: String)]

  init(_ query: String?) {
    pairs = (query ?? "").split(separator: "&").map { part in
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { $0.replacing("+", with: " ").removingPercentEncoding ?? String($0) }
      return (sides[0], sides.count == 2 ? sides[1] : "")
    }
  }

  /// Checks that there are no other names.
  func check(_ names: String...) throws(APIError) {
    if let unknown = pairs.first(where: { !names.contains($0.name) })?.name {
      throw APIError(
        .badRequest,
        "the query has no '\(unknown)'" + (names.isEmpty ? "" : "; there are \(names.joined(separator: ", "))"))
    }
  }

  func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

  func number(_ name: String, default value: Int) throws(APIError) -> Int {
    guard let text = all(name).last else { return value }
    guard let number = Int(text), number >= 0 else {
      throw APIError(.badRequest, "\(name) is '\(text)'; it must be a number from 0")
    }
    return number
  }

  func numbers(_ name: String) throws(APIError) -> [Int] {
    var numbers: [Int] = []
    for text in all(name) {
      guard let number = Int(text) else { throw APIError(.badRequest, "\(name) is '\(text)'; it must be a number") }
      numbers.append(number)
    }
    return numbers
  }
}
