import DistillCore
import DistillPipeline
import Foundation
import Testing

/// What is answered to what was asked rightly.
@Suite(.serialized) struct AnswerTests {
  @Test func answersAreThoseOfPredict() async throws {
    let bench = try Bench()
    let texts = ["where is my parcel", "money back please", "", "é\u{0}\u{1F600}"]
    let run = try FinishedRun(bench.folder.appending(path: "intents"), registry: TinyRuns.registry)
    let expected = try run.predict(texts.map { Example(text: $0, line: 1) })
    try await bench.test { client in
      let body = String(decoding: try JSONEncoder().encode(["texts": texts]), as: UTF8.self)
      let answers = try #require(try await client.post("/predict", body)["answers"] as? [[String: Any]])
      #expect(answers.count == texts.count)
      for (answer, expected) in zip(answers, expected) {
        #expect(answer["label"] as? String == expected.label)
        // The same texts are packed otherwise, which rounds otherwise.
        #expect(abs((answer["score"] as? Double ?? 0) - Double(expected.score)) < 1e-4)
        let neighbours = try #require(answer["neighbours"] as? [[String: Any]])
        #expect(neighbours.count == min(3, expected.neighbours?.count ?? 0))
        #expect(neighbours[0]["text"] as? String == expected.neighbours?.first?.text)
        #expect(answer["novelty"] != nil)
      }
      let one = try await client.post("/predict", #"{"texts": ["a"], "scores": true, "top": 2, "neighbours": 1}"#)
      let answer = try #require((one["answers"] as? [[String: Any]])?.first)
      #expect(Set(answer.keys).isSuperset(of: ["scores", "student", "retrieved", "top"]))
      #expect((answer["neighbours"] as? [Any])?.count == 1)
      #expect((try await client.post("/predict", #"{"texts": []}"#)["answers"] as? [Any])?.isEmpty == true)
    }
  }

  @Test func requestsAtOnceAreEachAnsweredWithTheirOwn() async throws {
    let bench = try Bench { $0.batchTokens = 40 }
    try await bench.test { client in
      // One connection serialises, so that the batches are formed of the requests of several.
      let texts = (0..<64).map { "where is parcel number \($0)" }
      let whole = try await client.post(
        "/predict", String(decoding: try JSONEncoder().encode(["texts": texts]), as: UTF8.self))
      let expected = try #require(whole["answers"] as? [[String: Any]]).map { $0["score"] as? Double ?? 0 }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, text) in texts.enumerated() {
          group.addTask {
            let answer = try await client.post("/predict", #"{"texts": ["\#(text)"]}"#)
            let score = (answer["answers"] as? [[String: Any]])?.first?["score"] as? Double ?? 0
            #expect(abs(score - expected[index]) < 1e-4)
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func pairsAndSeveralRuns() async throws {
    try await Bench().test { client in
      let answer = try await client.post("/runs/pairs/predict", #"{"texts": [["parcel", "my parcel"]]}"#)
      #expect(answer["run"] as? String == "pairs")
      #expect((answer["answers"] as? [[String: Any]])?.first?["score"] is Double)
      #expect(try await client.post("/runs/pairs/predict", #"{"texts": ["one"]}"#).error?.contains("pairs") == true)
      #expect(try await client.post("/predict", #"{"texts": [["a", "b"]]}"#).error?.contains("pair") == true)
      #expect(try await client.get("/runs/pairs/info")["task"] as? String == "regression")
      #expect(try await client.get("/info")["runs"] as? [String] == ["intents", "pairs"])
      #expect(try await client.get("/runs/nobody/info").status == 404)
    }
  }

  @Test func shapesOfTextEmbeddingsInference() async throws {
    try await Bench().test { client in
      let one = try await client.post("/predict", #"{"inputs": "where is my parcel"}"#)
      let labels = try #require(one.json as? [[String: Any]])
      #expect(labels.count == 3)
      let scores = labels.map { $0["score"] as? Double ?? 0 }
      #expect(scores == scores.sorted(by: >))
      let many = try await client.post("/predict", #"{"inputs": [["a"], ["b"]]}"#)
      #expect((many.json as? [[[String: Any]]])?.map(\.count) == [3, 3])
      #expect(try await client.post("/predict", #"{"inputs": ["a", "b"]}"#).status == 400)
      let vectors = try #require(try await client.post("/embed", #"{"inputs": ["a", "b"]}"#).json as? [[Double]])
      #expect(vectors.count == 2)
      #expect(abs(vectors[0].reduce(0) { $0 + $1 * $1 } - 1) < 1e-4)
    }
  }

  @Test func shapesOfOpenAI() async throws {
    try await Bench().test { client in
      let floats = try await client.post("/v1/embeddings", #"{"input": "where", "model": "intents"}"#)
      let vector = try #require(((floats["data"] as? [[String: Any]])?.first?["embedding"] as? [Double]))
      let packed = try await client.post("/v1/embeddings", #"{"input": ["where"], "encoding_format": "base64"}"#)
      let text = try #require((packed["data"] as? [[String: Any]])?.first?["embedding"] as? String)
      let bytes = try #require(Data(base64Encoded: text))
      let numbers = stride(from: 0, to: bytes.count, by: 4).map { start in
        Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * $1) })
      }
      #expect(numbers == vector.map { Float($0) })
      #expect((floats["usage"] as? [String: Int])?["prompt_tokens"] ?? 0 > 2)
      #expect(try await client.post("/v1/embeddings", #"{"input": "a", "model": "gpt"}"#).status == 404)
      #expect(try await client.post("/v1/embeddings", #"{"input": [1, 2]}"#).error?.contains("token ids") == true)
      #expect((try await client.get("/v1/models")["data"] as? [Any])?.count == 2)
    }
  }

  @Test func openInferenceProtocol() async throws {
    try await Bench().test { client in
      #expect(try await client.get("/v2/health/live")["live"] as? Bool == true)
      #expect(try await client.get("/v2/health/ready")["ready"] as? Bool == true)
      let model = try await client.get("/v2/models/pairs")
      #expect((model["inputs"] as? [[String: Any]])?.compactMap { $0["name"] as? String } == ["text", "pair"])
      let answer = try await client.post(
        "/v2/models/intents/infer",
        #"{"id": "7", "inputs": [{"name": "text", "shape": [2, 1], "datatype": "BYTES", "data": [["a"], ["b"]]}]}"#)
      #expect(answer["id"] as? String == "7")
      let outputs = try #require(answer["outputs"] as? [[String: Any]])
      #expect(outputs.compactMap { $0["name"] as? String } == ["label", "probabilities", "score", "novelty"])
      #expect(outputs[1]["shape"] as? [Int] == [2, 3])
      #expect((outputs[1]["data"] as? [Double])?.count == 6)
      for (input, part) in [
        (#"{"name": "text", "shape": [3], "datatype": "BYTES", "data": ["a"]}"#, "shape"),
        (#"{"name": "text", "shape": [1], "datatype": "FP32", "data": ["a"]}"#, "BYTES"),
        (#"{"name": "text", "shape": [9223372036854775807, 3], "datatype": "BYTES", "data": ["a"]}"#, "shape"),
        (#"{"name": "word", "shape": [1], "datatype": "BYTES", "data": ["a"]}"#, "missing"),
      ] {
        let refusal = try await client.post("/v2/models/intents/infer", #"{"inputs": [\#(input)]}"#)
        #expect(refusal.status == 400 && refusal.error?.contains(part) == true, "\(refusal.text)")
      }
    }
  }

  @Test func figuresForPrometheus() async throws {
    try await Bench().test { client in
      _ = try await client.post("/predict", #"{"texts": ["a", "b"]}"#)
      let metrics = try await client.get("/metrics")
      #expect(metrics.header("Content-Type")?.hasPrefix("text/plain") == true)
      for line in [
        #"distill_requests_total{path="/predict",status="200"} 1"#, #"distill_texts_total{run="intents"} 2"#,
        "distill_queue_texts 0", #"distill_run_version{run="pairs"} 1"#, "distill_batch_tokens_count 1",
      ] {
        #expect(metrics.text.split(separator: "\n").contains(Substring(line)), "\(line)")
      }
    }
  }

  @Test func everyPathIsDescribed() async throws {
    try await Bench().test { client in
      let paths = try #require(try await client.get("/openapi.json")["paths"] as? [String: [String: Any]])
      for (path, operations) in paths {
        for method in operations.keys {
          let path = path.replacing("{run}", with: "intents")
          let answer = try await client.send(path, method.uppercased())
          #expect(![404, 405, 500].contains(answer.status), "\(method) \(path): \(answer.text)")
        }
      }
      #expect(paths.count == 22)
      let page = try await client.get("/")
      #expect(page.text.hasPrefix("<!doctype html>") && !page.text.contains("http"))
      #expect(page.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
    }
  }
}
