import Foundation
import Testing

/// What is refused, and how.
@Suite(.serialized) struct RefusalTests {
  @Test func badBodies() async throws {
    try await Bench().test { client in
      for (body, part) in [
        ("", "not JSON"), ("{", "not JSON"), (#"{"texts": ["a",]}"#, "not JSON"), ("[]", "the body"),
        ("null", "the body"),
        (#"{"texts": "a"}"#, "texts"), (#"{"texts": ["a", 3]}"#, "texts[1]"),
        (#"{"texts": [["a", "b", "c"]]}"#, "texts[0]"),
        (#"{"texts": [[]]}"#, "texts[0]"), (#"{"text": ["a"]}"#, "text"),
        (#"{"texts": ["a"], "neighbors": 3}"#, "neighbors"),
        (#"{"texts": ["a"], "neighbours": -1}"#, "neighbours"), (#"{"texts": ["a"], "top": 1e99}"#, "too large"),
        (#"{"texts": ["a"], "scores": 1}"#, "scores"), (#"{"inputs": {}}"#, "inputs"),
        (#"{"inputs": ["a"], "raw_scores": true}"#, "raw"),
        (String(repeating: "[", count: 100_000), "not JSON"), ("\u{FEFF}\u{0}", "not JSON"),
      ] {
        let refusal = try await client.post("/predict", body)
        #expect(refusal.status == 400 && refusal.error?.contains(part) == true, "\(body.prefix(40)): \(refusal.text)")
      }
      // The place of a mistake in the text.
      let refusal = try await client.post("/predict", "{\"texts\":\n [\"a\" \"b\"]}")
      #expect(refusal.error?.contains("line 2") == true, "\(refusal.text)")
    }
  }

  @Test func wrongMethodsTypesAndPaths() async throws {
    try await Bench().test { client in
      let method = try await client.get("/predict")
      #expect(method.status == 405 && method.header("Allow") == "POST")
      #expect(try await client.send("/info", "DELETE").status == 405)
      #expect(try await client.get("/nothing").status == 404)
      #expect(try await client.get("/runs/%2e%2e%2f%00/info").status == 404)
      #expect(try await client.get("/runs/intents/health").status == 404)
      #expect(try await client.get("/%ff?%ff&=").status == 404)
      let type = try await client.post(
        "/predict", "texts=a", headers: ["Content-Type": "application/x-www-form-urlencoded"])
      #expect(type.status == 415 && type.error?.contains("application/json") == true)
      let head = try await client.send("/info", "HEAD")
      #expect(head.status == 200 && head.text.isEmpty)
    }
  }

  @Test func limits() async throws {
    let bench = try Bench {
      ($0.maximumBody, $0.maximumTexts, $0.maximumTokens) = (1000, 4, 20)
    }
    try await bench.test { client in
      let body = try await client.post("/predict", #"{"texts": ["\#(String(repeating: "a", count: 2000))"]}"#)
      #expect(body.status == 413 && body.error?.contains("--max-body") == true)
      let texts = try await client.post("/predict", #"{"texts": ["a", "a", "a", "a", "a"]}"#)
      #expect(texts.status == 413 && texts.error?.contains("--max-texts") == true)
      let tokens = try await client.post("/predict", #"{"texts": ["a a a a a a a a a", "a a a a a a a a a a a"]}"#)
      #expect(tokens.status == 413 && tokens.error?.contains("--max-tokens") == true, "\(tokens.text)")
      #expect(try await client.post("/predict", #"{"texts": ["a"]}"#).status == 200)
    }
  }

  /// A request that cannot be begun in time, because a batch takes longer, is told to come again.
  @Test func timeIsOver() async throws {
    let bench = try Bench {
      ($0.timeout, $0.batchTokens, $0.maximumTexts, $0.maximumQueue) = (0.2, 1 << 24, 20_000, 100_000)
      ($0.maximumTokens, $0.maximumBody, $0.threads) = (1 << 24, 1 << 24, 1)
    }
    try await bench.test { client in
      let texts = Array(repeating: String(repeating: "where is my parcel ", count: 12), count: 20_000)
      let body = String(decoding: try JSONEncoder().encode(["texts": texts]), as: UTF8.self)
      async let long = client.post("/predict", body)
      while try await client.get("/metrics").text.contains("distill_queue_texts 0\n") {}
      let late = try await client.post("/predict", #"{"texts": ["a"]}"#)
      #expect(late.status == 503 && late.header("Retry-After") == "1", "\(late.status) \(late.text)")
      #expect(try await long.status == 200)
    }
  }

  /// A request that was begun is told to ask for less, and not to come again.
  @Test func timeIsOverInTheMiddle() async throws {
    let bench = try Bench {
      ($0.timeout, $0.batchTokens, $0.maximumTexts, $0.maximumQueue) = (0.3, 1, 20_000, 100_000)
      $0.maximumTokens = 1 << 20
    }
    try await bench.test { client in
      let texts = Array(repeating: "where is my parcel", count: 20_000)
      let body = String(decoding: try JSONEncoder().encode(["texts": texts]), as: UTF8.self)
      let late = try await client.post("/predict", body)
      #expect(
        late.status == 504 && late.error?.contains("--timeout") == true, "\(late.status) \(late.text.prefix(200))")
      // The server goes on, and what is left of the late request delays nobody.
      #expect(try await client.post("/predict", #"{"texts": ["a"]}"#).status == 200)
    }
  }

  @Test func tooManyWait() async throws {
    let bench = try Bench { ($0.maximumQueue, $0.batchTokens, $0.maximumTokens) = (40, 64, 1 << 20) }
    try await bench.test { client in
      let texts = Array(repeating: "where is my parcel", count: 30)
      let body = String(decoding: try JSONEncoder().encode(["texts": texts]), as: UTF8.self)
      var refusals: [Client.Answer] = []
      for _ in 0..<20 where refusals.isEmpty {
        let answers = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
          for _ in 0..<12 { group.addTask { try await client.post("/predict", body) } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { [200, 429].contains($0.status) })
        refusals = answers.filter { $0.status == 429 }
      }
      let refusal = try #require(refusals.first)
      #expect(Int(refusal.header("Retry-After") ?? "") ?? 0 >= 1)
      #expect(refusal.error?.contains("--max-queue") == true)
    }
  }

  /// What a client has asked that leaves in the middle of a batch makes room, and the others in the batch get their own answers.
  @Test func oneLeavesInTheMiddle() async throws {
    let bench = try Bench {
      ($0.maximumQueue, $0.batchTokens, $0.maximumTexts, $0.maximumTokens) = (23_100, 1 << 20, 20_000, 1 << 20)
    }
    func body(_ count: Int, _ text: String) throws -> String {
      String(decoding: try JSONEncoder().encode(["texts": Array(repeating: text, count: count)]), as: UTF8.self)
    }
    let (first, long, own, next) = (
      try body(3_000, "where is my parcel"), try body(20_000, "where is my parcel"),
      try body(5, "give me my money back"),
      try body(5_000, "where is my parcel")
    )
    try await bench.test { client in
      func wait(until isSo: (Int) -> Bool) async throws {
        while let line = try await client.get("/metrics").text.split(separator: "\n")
          .first(where: { $0.hasPrefix("distill_queue_texts ") }), !isSo(Int(line.split(separator: " ")[1]) ?? 0)
        {}
      }
      func scores(_ answer: Client.Answer) -> [Double] {
        (answer["answers"] as? [[String: Any]] ?? []).compactMap { $0["score"] as? Double }
      }
      let expected = scores(try await client.post("/predict", own))
      async let begun = client.post("/predict", first)
      try await wait { $0 >= 3_000 }
      let leaving = Task { try await client.post("/predict", long) }
      try await wait { $0 >= 20_000 }
      async let answer = client.post("/predict", own)
      // The first batch is done, and the others are in the next one.
      try await wait { $0 <= 20_005 }
      leaving.cancel()
      try await Task.sleep(for: .milliseconds(20))
      #expect(try await client.post("/predict", next).status == 200)
      // Products of other sizes may differ in the last digits.
      let actual = scores(try await answer)
      #expect(actual.count == 5 && zip(actual, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(actual), \(expected)")
      #expect(try await begun.status == 200)
    }
  }

  @Test func keys() async throws {
    try await Bench { $0.keys = ["secret", "older"] }.test { client in
      for path in ["/", "/health", "/ready", "/openapi.json", "/v2/health/live"] {
        #expect(try await client.get(path).status == 200)
      }
      for path in ["/info", "/metrics", "/knowledge", "/nothing", "/v1/models"] {
        let refusal = try await client.get(path)
        #expect(refusal.status == 401 && refusal.header("WWW-Authenticate") == "Bearer")
      }
      for key in ["", "secre", "secret2", "Secret", "older secret"] {
        #expect(try await client.get("/info", headers: ["Authorization": "Bearer \(key)"]).status == 401)
      }
      #expect(try await client.get("/info", headers: ["Authorization": "Basic secret"]).status == 401)
      for key in ["secret", "older"] {
        #expect(try await client.get("/info", headers: ["Authorization": "Bearer \(key)"]).status == 200)
      }
    }
  }
}
