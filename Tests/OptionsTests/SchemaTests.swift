import DistillYAML
import DistillOptions
import Foundation
import Testing

@Suite struct SchemaTests {
  private func schema() throws -> SchemaCheck {
    let schema = Kitchen.jsonSchema(title: "A \"kitchen\"", registry: try Kitchen.registry())
    return SchemaCheck(root: try #require(YAMLDocument(schema.flow).root))
  }

  /// The schema and the decoder come from one visit; they must be of one mind about every file without references.
  @Test(arguments: [
    ("", ""), ("name: \"a kitchen\"", "note: no name"), ("name: \"a kitchen\"", "name: 5"), ("name: ", "nmae: "),
    ("name: ", "note: null\nname: "), ("name: ", "note: 5\nname: "),
    ("output: runs/one", "output: null"), ("[[1, 2], [2, 4]]", "uniform"), ("[[1, 2], [2, 4]]", "unifrom"),
    ("[[1, 2], [2, 4]]", "[1, 2]"), ("[[1, 2], [2, 4]]", "[]"), ("[[1, 2], [2, 4]]", "[[1.5, 2]]"),
    ("epochs: 4, ", ""), ("epochs: 4", "epochs: 0"), ("epochs: 4", "epochs: 4.0e0"), ("epochs: 4", "epochs: \"4\""),
    ("epochs: 4", "epoch: 4"), ("epochs: 4", "epochs: 4, shuffle: true"), ("epochs: 4", "epochs: 4, shuffle: 1"),
    ("1e-5", "0"), ("1e-5", "-1"), ("1e-5", "many"), ("1e-5", "1"), ("1e-5", "null"), ("share: .5", "share: 1"),
    ("share: .5", "share: 1.01"), ("warmup:\n  share: .5", "warmup: null"), ("warmup:\n  share: .5", "warmup: 5"),
    ("warmup:\n  share: .5", "warmup: {}"), ("form: squared", "form: cubic"), ("form: squared", "from: squared"),
    ("[1, 2]}", "[0]}"), ("[1, 2]}", "[1, x]}"), ("[1, 2]}", "1}"), ("[1, 2]}", "[1], weight: 2}"),
    ("[1, 2]}", "[1], temperature: 2}"), ("use: relational-kl", "use: relational-lk"),
    ("- use: relational-kl", "- m: 1"),
    ("weight: 0.5", "weight: -1"), ("temperature: 0.07", "temperature: 0"), ("use: hnsw, m: 8", "m: 8"),
    ("use: hnsw, m: 8", "use: hnsw, m: 65"), ("use: hnsw, m: 8", "use: hnsw, ef: 1"), ("use: hnsw, m: 8", "use: hnsw"),
    ("use: hnsw, m: 8", "use: cls-cosine"), ("{use: hnsw, m: 8}", "hnsw"), ("{use: hnsw, m: 8}", "null"),
  ]) func agreesWithTheDecoder(_ old: String, _ new: String) throws {
    let text = old.isEmpty ? Kitchen.valid : Kitchen.valid.replacing(old, with: new, maxReplacements: 1)
    try #require(old.isEmpty || text != Kitchen.valid)
    let document = YAMLDocument(text)
    let isFine = try Kitchen.problems(document).isEmpty
    #expect(try schema().accepts(try #require(document.root)) == isFine, "\(new)")
  }

  /// The schema that the repository keeps, and the pipelines beside it. One names a loss that only its own package's schema knows.
  @Test func acceptsTheShippedPipelines() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    func node(_ path: String) throws -> Node { try #require(YAMLDocument(file: root.appending(path: path).path).root) }
    let schema = SchemaCheck(root: try node("Docs/Reference/pipeline.schema.json"))
    let files = FileManager.default.enumerator(atPath: root.appending(path: "Examples").path)?.compactMap {
      $0 as? String
    }
    let pipelines = try (files ?? []).filter { $0.hasSuffix(".yaml") }.map { ($0, try node("Examples/\($0)")) }
      .filter { $0.1["name"] != nil }
    #expect(pipelines.count > 10)
    for (file, node) in pipelines {
      #expect(try schema.accepts(node) == !file.hasPrefix("ThirdParty"), "\(file)")
    }
  }

  @Test func referencesStandForSingleValues() throws {
    for (old, new, isFine) in [
      ("epochs: 4", "epochs: \"${EPOCHS}\"", true), ("epochs: 4", "epochs: \"$${EPOCHS}\"", false),
      ("epochs: 4", "epochs: \"${}\"", false), ("1e-5", "\"${training.rate}\"", true), ("squared", "\"${FORM}\"", true),
      ("uniform", "${MAP}", true), ("[1, 2]}", "[\"${LAYER}\"]}", true), ("runs/one", "${HOME}/one", true),
      ("use: hnsw, m: 8", "use: \"${INDEX}\", ef: 5", true),
    ] {
      let text = Kitchen.valid.replacing("[[1, 2], [2, 4]]", with: "uniform").replacing(old, with: new)
      #expect(try schema().accepts(try #require(YAMLDocument(text).root)) == isFine, "\(new)")
    }
  }

  @Test func aFileThatExtendsMayLeaveOutTheTopAndNothingElse() throws {
    for (text, isFine) in [
      ("note: x", false), ("extends: base.yaml", true), ("extends: base.yaml\nnote: x", true),
      ("extends: base.yaml\ntraining: {seed: 1}", false), ("extends: base.yaml\nnmae: x", false),
      ("extends: [a]", false),
      // A section that must be there because of something in it.
      ("name: x", false), ("name: x\ntraining: {epochs: 1}", true),
    ] {
      #expect(try schema().accepts(try #require(YAMLDocument(text).root)) == isFine, "\(text)")
    }
  }

  @Test func saysDefaultsAndSummaries() throws {
    let root = try schema().root
    let rate = try #require(root["properties"]?["training"]?["properties"]?["learning_rate"])
    #expect(rate["default"]?.scalar?.text == "5.0e-05" && rate["description"]?.scalar?.text == "Peak learning rate.")
    #expect(root["properties"]?["name"]?["default"] == nil)
    #expect(root["properties"]?["training"]?["properties"]?["seed"]?["default"]?.scalar?.text == "42")
  }
}
