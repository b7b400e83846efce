import DistillPipeline
import Foundation
import Testing

/// Knowledge that changes while the server answers.
@Suite(.serialized) struct ChangeTests {
  @Test func whatIsTaughtIsAnsweredAtOnce() async throws {
    try await Bench { $0.allowsChanges = true }.test { client in
      let text = "is there an open position"
      let entries = (0..<8).map { #"{"text": "\#(text) \#($0)", "label": "careers", "source": "desk:\#($0)"}"# }
      let added = try await client.post("/knowledge", #"{"entries": [\#(entries.joined(separator: ","))]}"#)
      #expect(added.status == 201, "\(added.text)")
      #expect(added["version"] as? Int == 2)
      #expect((added["labels"] as? [String])?.contains("careers") == true)
      let ids = try #require(added["ids"] as? [Int])
      let answer = try await client.post("/predict", #"{"texts": ["\#(text) 3"]}"#)
      let first = try #require((answer["answers"] as? [[String: Any]])?.first)
      #expect(answer["version"] as? Int == 2)
      #expect((first["neighbours"] as? [[String: Any]])?.first?["label"] as? String == "careers")
      let listed = try await client.get("/knowledge?label=careers&limit=3")
      #expect(listed["total"] as? Int == 8)
      #expect((listed["entries"] as? [Any])?.count == 3)
      #expect(try await client.get("/knowledge?source=desk:7")["total"] as? Int == 1)
      let query = ids.map { "id=\($0)" }.joined(separator: "&")
      #expect(try await client.send("/knowledge?\(query)", "DELETE")["ids"] as? [Int] == ids)
      #expect(try await client.get("/knowledge?label=careers")["total"] as? Int == 0)
      #expect(try await client.get("/info")["version"] as? Int == 3)
    }
  }

  @Test func wrongChangesAreRefused() async throws {
    try await Bench { $0.allowsChanges = true }.test { client in
      for (entry, part) in [
        (#"{"text": "a"}"#, "label"), (#"{"text": "a", "label": ""}"#, "empty"),
        (#"{"text": "a", "score": 3}"#, "label"),
        (#"{"text": "a", "pair": "b", "label": "track"}"#, "pair"), (#"{"label": "track"}"#, "text"),
        (#"{"text": "a", "label": "track", "labels": ["track"]}"#, "label"),
        (#"{"text": "a", "intent": "track"}"#, "intent"),
      ] {
        let refusal = try await client.post("/knowledge", #"{"entries": [\#(entry)]}"#)
        #expect(refusal.status == 400 && refusal.error?.contains(part) == true, "\(entry): \(refusal.text)")
      }
      #expect(try await client.post("/knowledge", #"{"entries": []}"#).status == 400)
      for query in ["", "?id=x", "?id=99999999", "?id=99999999999999999999", "?nothing=1"] {
        #expect(try await client.send("/knowledge\(query)", "DELETE").status == 400, "\(query)")
      }
      #expect(try await client.get("/knowledge?limit=-1").status == 400)
      #expect(try await client.get("/runs/pairs/knowledge").status == 404)
      #expect(try await client.get("/info")["version"] as? Int == 1)
    }
    try await Bench().test { client in
      let refusal = try await client.post("/knowledge", #"{"entries": [{"text": "a", "label": "track"}]}"#)
      #expect(refusal.status == 403 && refusal.error?.contains("--allow-changes") == true)
      #expect(try await client.send("/knowledge?id=0", "DELETE").status == 403)
    }
  }

  @Test func changesOfTwoProcesses() async throws {
    let bench = try Bench(["intents"]) { $0.allowsChanges = true }
    let lock = bench.folder.appending(path: "intents/knowledge-base/.lock").path
    try await bench.test { client in
      let entry = #"{"entries": [{"text": "a", "label": "track"}]}"#
      let descriptor = open(lock, O_RDWR | O_CREAT, 0o644)
      #expect(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
      let refusal = try await client.post("/knowledge", entry)
      #expect(refusal.status == 409 && refusal.header("Retry-After") == "1", "\(refusal.text)")
      #expect(refusal.error?.contains("is being changed by") == true)
      close(descriptor)
      #expect(try await client.post("/knowledge", entry).status == 201)
    }
  }

  /// Another process changes the folder, and requests go on meanwhile.
  @Test func aNewVersionIsTakenOver() async throws {
    let bench = try Bench(["intents"])
    let folder = bench.folder.appending(path: "intents")
    try await bench.test { client in
      let run = try FinishedRun(folder, registry: TinyRuns.registry)
      try run.knowledgeLog().remove([0, 1], note: "test")
      try run.refreshIndex()
      let deadline = ContinuousClock.now + .seconds(60)
      var version = 1
      while version == 1, ContinuousClock.now < deadline {
        let answer = try await client.post("/predict", #"{"texts": ["where is my parcel"]}"#)
        #expect(answer.status == 200)
        version = answer["version"] as? Int ?? 0
      }
      #expect(version == 2)
      // A folder that cannot be opened leaves the version before it in its place.
      try Data("{}".utf8).write(to: folder.appending(path: "run.json"))
      try await Task.sleep(for: .seconds(2.5))
      #expect(try await client.post("/predict", #"{"texts": ["a"]}"#)["version"] as? Int == 2)
    }
  }
}
