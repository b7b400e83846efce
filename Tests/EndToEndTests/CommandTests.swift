import DistillCore
import Foundation
import Testing

/// What the command prints and writes when all is well.
@Suite(.serialized) struct CommandTests {
  struct Answer: Decodable {
    struct Neighbour: Decodable {
      let id: Int
      let similarity: Double
      let scores: [String: Double]
    }
    let label: String?
    let scores: [String: Double]
    let student: [String: Double]
    let retrieved: [String: Double]?
    let neighbours: [Neighbour]?
  }

  @Test func runEvaluateAndPredict() throws {
    let bench = try Workbench()
    let run = try bench.distill("run", "pipeline.yaml", "--set", "training.epochs=1")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.lines.contains { $0.hasPrefix("student + knowledge base") })
    #expect(run.errors.contains("student: 1 epochs"), "--set reached the training")

    let evaluated = try bench.distill("evaluate", "runs/tiny", "--format", "json")
    let report = try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any]
    let rows = try #require(report?["rows"] as? [[String: Any]])
    #expect(rows.map { $0["name"] as? String } == ["teacher", "student", "student + knowledge base"])
    for row in rows {
      let scores = try #require(row["scores"] as? [[String: Any]])
      #expect(scores.map { $0["metric"] as? String } == ["accuracy", "macro-f1"])
      #expect(row["parameters"] is Int && row["speed"] is Double)
    }
    let stored = try JSONSerialization.jsonObject(with: bench.data("runs/tiny/report.json")) as? [String: Any]
    let before = try #require(stored?["rows"] as? [[String: Any]])
    #expect(rows.map { $0["scores"] as? NSArray } == before.prefix(3).map { $0["scores"] as? NSArray })
    let without = try bench.distill(
      "evaluate", "runs/tiny", "--no-retrieval", "--data", "train.tsv", "--page", "page.html")
    #expect(without.status == 0 && !without.output.contains("knowledge base"))
    let page = String(decoding: try bench.data("page.html"), as: UTF8.self)
    #expect(page.contains("<h2>Which should I take?</h2>") && !page.contains("What is in the knowledge base?"))
    #expect(try bench.distill("evaluate", "runs/tiny", "--page", "absent/page.html").errors.contains("absent"))

    try predictions(bench)
  }

  @Test func aFileMayExtendAnother() throws {
    let bench = try Workbench()
    try bench.write("extends: pipeline.yaml\nname: two $${x}\noutput: runs/${FOLDER}", to: "two.yaml")
    #expect(try bench.distill("validate", "two.yaml").errors.contains("two.yaml:3:14: error: the environment variable"))
    try bench.write("extends: pipeline.yaml\nname: two $${x}\noutput: runs/two", to: "two.yaml")
    let shown = try bench.distill("show", "two.yaml", "--set", "training.epochs=1")
    #expect(shown.status == 0, "\(shown.errors)")
    for line in [
      "name: \"two $${x}\"  # two.yaml:2", "  max_length: 16  # pipeline.yaml:3", "  epochs: 1  # command line",
      "layer_map: uniform  # default",
    ] { #expect(shown.lines.contains(line), "\(line)") }
    let run = try bench.distill("run", "two.yaml", "--set", "training.epochs=1")
    #expect(run.status == 0, "\(run.errors)")
    // What the run wrote means the same, and may be run in its turn.
    #expect(try bench.distill("predict", "runs/two", input: "money back\n").status == 0)
    let again = try bench.distill("show", "runs/two/pipeline.yaml")
    #expect(again.lines.first { $0.hasPrefix("name") } == "name: \"two $${x}\"  # runs/two/pipeline.yaml:2")
  }

  private func predictions(_ bench: Workbench) throws {
    let texts = "please cancel the order\nwhere is my parcel\nmoney back\nunknowable words\n"
    let all = ["--format", "jsonl", "--scores", "--neighbours", "4"]
    let told = try bench.distill(["predict", "runs/tiny"] + all, input: texts)
    #expect(told.status == 0 && told.lines.count == 4, "\(told.errors)")
    let short = try bench.distill("predict", "runs/tiny", "--format", "jsonl", "--neighbours", "1", input: texts)
    for (line, full) in zip(short.lines, told.lines) {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(object?.keys.sorted() == ["label", "neighbours", "novelty", "score"])
      let nearest = try #require((object?["neighbours"] as? [[String: Any]])?.first)
      #expect(nearest.keys.sorted() == ["id", "label", "similarity", "source", "text"])
      let answer = try JSONDecoder().decode(Answer.self, from: Data(full.utf8))
      #expect(nearest["id"] as? Int == answer.neighbours?.first?.id)
      #expect((object?["score"] as? Double).map { abs($0 - (answer.scores.values.max() ?? 0)) < 1e-6 } == true)
    }
    let training = try String(decoding: bench.data("train.tsv"), as: UTF8.self).split(separator: "\n").dropFirst()
    for line in told.lines {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(object?.keys.sorted() == ["label", "neighbours", "novelty", "retrieved", "score", "scores", "student"])
      let answer = try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
      let retrieved = try #require(answer.retrieved)
      let neighbours = try #require(answer.neighbours)
      for scores in [answer.scores, answer.student, retrieved] + neighbours.map(\.scores) {
        #expect(scores.keys.sorted() == Workbench.labels)
        #expect(abs(scores.values.reduce(0, +) - 1) < 1e-5)
      }
      #expect(neighbours.count == 4)
      #expect(neighbours.allSatisfy { training.indices.contains($0.id + 1) })
      #expect(neighbours.map(\.similarity) == neighbours.map(\.similarity).sorted(by: >))
      // Each class has more keys than there are neighbours, so that balanced weights are equal ones.
      let weights = neighbours.map { exp($0.similarity / 0.1) }
      for label in Workbench.labels {
        let average = zip(neighbours, weights).reduce(0) { $0 + $1.0.scores[label, default: .nan] * $1.1 }
        #expect(abs(average / weights.reduce(0, +) - retrieved[label, default: .nan]) < 1e-4)
        let mixed = 0.5 * answer.student[label, default: .nan] + 0.5 * retrieved[label, default: .nan]
        #expect(abs(mixed - answer.scores[label, default: .nan]) < 1e-5)
      }
      #expect(answer.label == answer.scores.max { $0.value < $1.value }?.key)
    }
    let plain = try bench.distill(["predict", "runs/tiny", "--no-retrieval"] + all, input: texts)
    for (line, full) in zip(plain.lines, told.lines) {
      let answer = try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
      let with = try JSONDecoder().decode(Answer.self, from: Data(full.utf8))
      #expect(answer.retrieved == nil && answer.neighbours == nil && answer.scores == answer.student)
      for (label, value) in answer.student { #expect(abs(value - with.student[label, default: .nan]) < 1e-6) }
    }
    let text = try bench.distill("predict", "runs/tiny", "validation.tsv")
    #expect(text.lines.count == 24)
    #expect(text.lines.allSatisfy { Workbench.labels.contains(String($0.prefix { $0 != "\t" })) })
  }

  @Test func embedWritesWhatWasAskedFor() throws {
    let bench = try Workbench()
    try bench.write("please cancel\r\nwhere is my\tparcel\r\n", to: "texts.txt")
    let ids = try bench.distill("tokenize", "teacher", "texts.txt").lines.map {
      $0.split(separator: " ").compactMap { Int($0) }
    }
    // [CLS] please cancel [SEP]; [CLS] where is my [SEP] parcel [SEP]
    let vocabulary = Workbench.vocabulary
    let words = ids.map { $0.map { vocabulary[$0] } }
    #expect(
      words == [
        ["[CLS]", "please", "cancel", "[SEP]"], ["[CLS]", "where", "is", "my", "[SEP]", "parcel", "[SEP]"],
      ])

    let outcome = try bench.distill(
      "embed", "teacher", "texts.txt", "--activation", "embedding", "hidden:0", "class-token:3", "attention:2",
      "values:1", "queries:3", "--output", "out.safetensors")
    #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.errors)")
    let reader = try SafetensorsReader(bench.url.appending(path: "out.safetensors"))
    #expect(
      reader.names.sorted()
        == ["attention.2", "class-token.3", "embedding", "hidden.0", "offsets", "queries.3", "values.1"])
    #expect(try reader.integers(named: "offsets") == [0, 4, 11])
    #expect(reader.tensors["embedding"]?.shape == [2, 16])
    #expect(reader.tensors["hidden.0"]?.shape == [11, 16])
    #expect(reader.tensors["class-token.3"]?.shape == [2, 16])
    #expect(reader.tensors["values.1"]?.shape == [11, 16] && reader.tensors["queries.3"]?.shape == [11, 16])
    #expect(reader.tensors["attention.2"]?.shape == [2 * (4 * 4 + 7 * 7)])
    let attention = try reader.floats(named: "attention.2")
    for row in 0..<8 { #expect(abs(attention[4 * row..<4 * row + 4].reduce(0, +) - 1) < 1e-5) }

    // The kind of the encoder has to be named, and ids need no weights.
    let file = bench.url.appending(path: "teacher/config.json")
    let config = try String(contentsOf: file, encoding: .utf8)
    try bench.write(config.replacing("\"model_type\": \"bert\", ", with: ""), to: "teacher/config.json")
    let unnamed = try bench.distill("tokenize", "teacher", "texts.txt")
    #expect(unnamed.status != 0 && unnamed.errors.contains("names no model_type; known here are bert, distilbert"))
    try bench.write(config, to: "teacher/config.json")
    try FileManager.default.moveItem(atPath: bench.path("teacher/model.safetensors"), toPath: bench.path("weights"))
    #expect(
      try bench.distill("tokenize", "teacher", "texts.txt").lines.map {
        $0.split(separator: " ").compactMap { Int($0) }
      } == ids)
    try FileManager.default.moveItem(atPath: bench.path("weights"), toPath: bench.path("teacher/model.safetensors"))
    try bench.write(config.replacing("\"bert\"", with: "\"gpt\""), to: "teacher/config.json")
    let unknown = try bench.distill("tokenize", "teacher", "texts.txt")
    #expect(unknown.status != 0 && unknown.errors.contains("gpt"), "\(unknown.errors)")
    try bench.write(config, to: "teacher/config.json")

    // The classifier is one that nothing has trained.
    let refused = try bench.distill(
      "embed", "teacher", "texts.txt", "--activation", "logits", "--output", "no.safetensors")
    #expect(refused.status == 1 && refused.errors.contains("logits") && !bench.exists("no.safetensors"))
  }

  @Test func pluginsAndValidate() throws {
    let bench = try Workbench()
    let list = try bench.distill("plugins", "list")
    #expect(list.status == 0)
    for name in ["supervised-contrastive-head", "relational-kl", "soft-cross-entropy", "hnsw", "exact", "simultaneous"]
    {
      #expect(list.lines.contains { $0.hasPrefix("  \(name) ") }, "\(name)")
    }
    let described = try bench.distill("plugins", "describe", "relational-kl")
    #expect(described.status == 0 && described.output.contains("temperature"))
    #expect(try bench.distill("plugins", "describe", "relational-lk").errors.contains("did you mean relational-kl"))

    let right = try bench.distill("validate", "pipeline.yaml")
    #expect(right.status == 0 && right.output.contains("student: bert, 1 layers, width 16"))
    #expect(!bench.exists("runs"), "validation runs nothing")
    try bench.write(Workbench.pipeline.replacing("[2]", with: "[9]"), to: "wrong.yaml")
    let wrong = try bench.distill("validate", "wrong.yaml", "pipeline.yaml", "--format", "json")
    #expect(wrong.status == 2)
    let mistakes = try JSONSerialization.jsonObject(with: Data(wrong.output.utf8)) as? [[String: Any]]
    #expect(mistakes?.count == 1 && mistakes?[0]["line"] as? Int == 8 && mistakes?[0]["column"] as? Int == 44)
    let set = try bench.distill("validate", "pipeline.yaml", "--set", "training.epochs=none")
    #expect(set.status == 2 && set.errors.contains("--set training.epochs"))
  }

  @Test func neighboursMayBeMoreThanThereAre() throws {
    let bench = try Workbench()
    let outcome = try bench.distill(
      "run", "pipeline.yaml", "--set", "training.epochs=1", "--set", "knowledge_base.neighbours=5000", "--set",
      "knowledge_base.retriever={use: hnsw}")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try JSONSerialization.jsonObject(with: bench.data("runs/tiny/report.json")) as? [String: Any]
    let line = try bench.distill(
      "predict", "runs/tiny", "--format", "jsonl", "--scores", "--neighbours", "9999", input: "please cancel\n"
    ).lines
    let answer = try JSONDecoder().decode(Answer.self, from: Data(try #require(line.first).utf8))
    #expect(answer.neighbours?.count == report?["knowledge_base_size"] as? Int)
  }

  @Test func aTerminatedRunGoesOnToTheSameStudent() throws {
    let (bench, reference) = (try Workbench(), try Workbench())
    let epochs = ["--set", "training.epochs=150"]
    let process = bench.process(["run", "pipeline.yaml"] + epochs)
    (process.standardError, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try process.run()
    // The student's epochs come after the teacher's; the run must be in the middle of them.
    let deadline = Date.now + 60
    while process.isRunning, Date.now < deadline {
      let log = try? String(decoding: bench.data("runs/tiny/metrics.jsonl"), as: UTF8.self)
      if log?.contains("\"phase\":\"student\"") == true { break }
      Thread.sleep(forTimeInterval: 0.005)
    }
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 143)
    #expect(!bench.exists("runs/tiny/student"))
    #expect(try bench.distill("predict", "runs/tiny", input: "a\n").status == 1)

    let resumed = try bench.distill(["run", "pipeline.yaml", "--resume"] + epochs)
    #expect(resumed.status == 0 && resumed.errors.contains("resumed after step"), "\(resumed.errors)")
    #expect(try reference.distill(["run", "pipeline.yaml"] + epochs).status == 0)
    let weights = "runs/tiny/student/model.safetensors"
    #expect(try bench.data(weights) == reference.data(weights))
  }
}
