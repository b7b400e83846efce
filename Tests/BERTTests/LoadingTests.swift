import DistillBERT
import DistillCore
import Foundation
import Testing

/// The spellings of weight files that are about, and files that are wrong.
struct LoadingTests {
  private func answers(_ encoder: any TextEncoder, _ activations: Set<Activation>) throws -> [Activation: [Float]] {
    let sequences = try Fixture().sequences("batch")
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    return try encoder.respond(to: batch, with: activations).activations.mapValues(\.values)
  }

  private static let respellings: [(name: String, change: @Sendable (String) -> String)] = [
    ("without `bert.`", { $0.hasPrefix("bert.") ? String($0.dropFirst(5)) : $0 }),
    (
      "gamma and beta",
      { $0.replacing("LayerNorm.weight", with: "LayerNorm.gamma").replacing("LayerNorm.bias", with: "LayerNorm.beta") }
    ),
  ]

  @Test(arguments: respellings.map(\.name)) func spelling(_ name: String) throws {
    let all: Set<Activation> = [.logits, .embedding, .hidden(layer: 2), .attention(layer: 2)]
    let expected = try answers(Fixture.model("student"), all)
    let change = try #require(Self.respellings.first { $0.name == name }).change
    try Fixture.withCopy(of: "student") { folder in
      try WeightFile.change(in: folder) { file in
        let before = Set(file.tensors.keys)
        file.rename(change)
        #expect(Set(file.tensors.keys) != before)
      }
      let encoder = try Fixture.model(folder)
      #expect(encoder.untrained.isEmpty)
      #expect(try answers(encoder, all) == expected)
    }
  }

  @Test func loadsWithoutAPipeline() throws {
    let all: Set<Activation> = [.logits, .embedding]
    for readout in Readout.allCases {
      let encoder = try BERTEncoder(Fixture.url("student"), readout: readout)
      let same = try Fixture.model(Fixture.url("student"), readout: readout)
      // The folder's classifier was trained on its pooler.
      #expect(encoder.task == Fixture.task && encoder.untrained == (readout == .pooler ? [] : [.logits]))
      let told: Set<Activation> = readout == .pooler ? all : [.embedding]
      #expect(try encoder.readout == readout && answers(encoder, told) == answers(same, told))
    }
    #expect(throws: FormatError.self) { try BERTEncoder(URL(filePath: "/nowhere")) }
  }

  /// What a pre-trained BERT's file holds besides: heads of pre-training, which nothing here reads, and a buffer.
  @Test func headsOfPretrainingArePassedOver() throws {
    try Fixture.withCopy(of: "student") { folder in
      try WeightFile.change(in: folder) { file in
        file.tensors["cls.predictions.bias"] = Tensor(repeating: 1, [60])
        file.tensors["bert.embeddings.position_ids"] = Tensor(repeating: 1, [1, 32])
      }
      let expected = try answers(Fixture.model("student"), [.logits])
      #expect(try answers(Fixture.model(folder), [.logits]) == expected)
    }
  }

  @Test func missingHeadsAreMadeAnewAndSaySo() throws {
    try Fixture.withCopy(of: "student") { folder in
      try WeightFile.change(in: folder) { $0.rename { $0.hasPrefix("classifier.") ? nil : $0 } }
      let classifierless = try Fixture.model(folder)
      #expect(classifierless.untrained == [.logits])
      let expected = try answers(Fixture.model("student"), [.embedding])
      #expect(try answers(classifierless, [.embedding]) == expected)
      #expect(try answers(classifierless, [.logits]) == answers(Fixture.model(folder), [.logits]))

      // Once a step has reached the classifier, its model rests on nothing that is untrained.
      let student = try Fixture.student(folder)
      student.parameters["classifier.weight"].variable.squared().sum().backward()
      AdamW(student.parameters).update(learningRate: 1e-3)
      #expect(try student.model().untrained.isEmpty)

      try WeightFile.change(in: folder) { $0.rename { $0.contains("pooler.") ? nil : $0 } }
      #expect(try Fixture.model(folder, readout: .pooler).untrained == [.logits, .embedding])
      #expect(try Fixture.model(folder).untrained == [.logits])  // the mean of its states needs no pooler
      #expect(try Fixture.model(folder, readout: .cls).untrained == [.logits])
    }
  }

  @Test func layersArePicked() throws {
    var recipe = BERTStudent()
    recipe.checkpoint = OptionPath(try Fixture.url("teacher").path)
    recipe.layers = [3]
    let encoder = try recipe.makeStudent(in: Fixture.context, teacher: nil, nil).model()
    #expect(encoder.card.layers == 1)
    try Fixture.withCopy(of: "relu") { folder in
      // The same by hand: another model of one layer is given the weights of the third.
      let teacher = try WeightFile(Fixture.url("teacher"))
      try WeightFile.change(in: folder) { file in
        for name in file.tensors.keys {
          file.tensors[name] = teacher.tensors[name.replacing("layer.0.", with: "layer.2.")]
        }
      }
      try edit(folder) { $0.replacing("\"relu\"", with: "\"gelu\"") }
      let all: Set<Activation> = [.logits, .hidden(layer: 1)]
      #expect(try answers(encoder, all) == answers(Fixture.model(folder), all))
    }
  }

  // MARK: files that are wrong

  private func edit(_ folder: URL, _ name: String = "config.json", _ change: (String) -> String) throws {
    let file = folder.appending(path: name)
    let text = try String(contentsOf: file, encoding: .utf8)
    let changed = change(text)
    #expect(changed != text, "nothing was changed in \(name)")
    try Data(changed.utf8).write(to: file)
  }

  /// Damages a copy of the student's folder and expects its loading to fail with a message that names every one of `words`.
  private func expectRefusal(
    _ words: [String], in context: PipelineContext = Fixture.context,
    location: SourceLocation = #_sourceLocation, _ damage: (URL) throws -> Void
  ) throws {
    try Fixture.withCopy(of: "student") { folder in
      try damage(folder)
      do {
        _ = try Fixture.student(folder, in: context)
        Issue.record("the folder was loaded", sourceLocation: location)
      } catch {
        #expect(error is FormatError || error is WiringError, "\(type(of: error))", sourceLocation: location)
        for word in words { #expect("\(error)".contains(word), "\(error)", sourceLocation: location) }
      }
    }
  }

  @Test func allWrongTensorsAreNamedAtOnce() throws {
    let words = [
      "missing: bert.encoder.layer.0.output.dense.bias", "missing: bert.embeddings.LayerNorm.weight",
      "misshapen: bert.encoder.layer.1.attention.self.key.weight is [24, 23], expected [24, 24]",
      "unexpected: bert.encoder.layer.2.output.dense.bias", "unexpected: lm_head.weight", "unexpected: bert.nonsense",
      "model.safetensors",
    ]
    try expectRefusal(words) { folder in
      try WeightFile.change(in: folder) { file in
        file.tensors["bert.encoder.layer.0.output.dense.bias"] = nil
        file.tensors["bert.embeddings.LayerNorm.weight"] = nil
        file.tensors["bert.encoder.layer.1.attention.self.key.weight"] = Tensor(repeating: 0, [24, 23])
        for name in ["bert.encoder.layer.2.output.dense.bias", "lm_head.weight", "bert.nonsense"] {
          file.tensors[name] = Tensor(repeating: 0, [24])
        }
      }
    }
  }

  @Test func aTensorUnderTwoNames() throws {
    try expectRefusal(["twice", "bert.pooler.dense.bias", "pooler.dense.bias"]) { folder in
      try WeightFile.change(in: folder) { $0.tensors["pooler.dense.bias"] = Tensor(repeating: 0, [24]) }
    }
  }

  @Test func halfOfAHead() throws {
    try expectRefusal(["missing: classifier.bias"]) { folder in
      try WeightFile.change(in: folder) { $0.tensors["classifier.bias"] = nil }
    }
  }

  @Test func theHeadOfAnotherTask() throws {
    let context = PipelineContext(
      task: .classification(labels: ["no", "yes"]), maximumLength: 32, key: RandomKey(1))
    try expectRefusal(
      ["classifier.weight is [3, 24], expected [2, 24]", "classifier.bias", "classifier: regression"], in: context
    ) { _ in }
    let regression = PipelineContext(task: .regression, maximumLength: 32, key: RandomKey(1))
    try expectRefusal(["classifier.weight is [3, 24], expected [1, 24]"], in: regression) { _ in }
    let reordered = PipelineContext(
      task: .classification(labels: ["positive", "neutral", "negative"]), maximumLength: 32, key: RandomKey(1))
    try expectRefusal(["another order", "negative, neutral, positive"], in: reordered) { _ in }
  }

  @Test(arguments: [Float.nan, .infinity]) func notFinite(_ number: Float) throws {
    try expectRefusal(["bert.pooler.dense.weight", "not finite"]) { folder in
      try WeightFile.change(in: folder) { file in
        var values = try #require(file.tensors["bert.pooler.dense.weight"]).values
        values[100] = number
        file.tensors["bert.pooler.dense.weight"] = Tensor(values, [24, 24])
      }
    }
  }

  @Test func weightsThatAreNone() throws {
    func weights(_ folder: URL) -> URL { folder.appending(path: "model.safetensors") }
    try expectRefusal(["truncated"]) { folder in
      try Data(contentsOf: weights(folder)).dropLast(1000).write(to: weights(folder))
    }
    try expectRefusal(["truncated"]) { try Data(contentsOf: weights($0)).prefix(100).write(to: weights($0)) }
    try expectRefusal(["empty"]) { try Data().write(to: weights($0)) }
    try expectRefusal(["Git LFS pointer", "git lfs pull"]) { folder in
      try Data("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 90868376\n".utf8)
        .write(to: weights(folder))
    }
    try expectRefusal(["pytorch_model.bin", "pickle", "safe_serialization"]) { folder in
      try FileManager.default.moveItem(at: weights(folder), to: folder.appending(path: "pytorch_model.bin"))
    }
    try expectRefusal(["weight_map"]) { folder in
      try FileManager.default.moveItem(
        at: weights(folder), to: folder.appending(path: "model.safetensors.index.json"))
    }
    try expectRefusal(["model.safetensors", "missing"]) { try FileManager.default.removeItem(at: weights($0)) }
  }

  /// What is changed in config.json, and what the message has to name.
  private static let configurations: [(String, String, words: [String])] = [
    ("\"model_type\": \"bert\"", "\"model_type\": \"roberta\"", ["\"roberta\"", "\"bert\""]),
    ("\"num_attention_heads\": 3", "\"num_attention_heads\": 5", ["5 attention heads", "hidden_size 24"]),
    ("\"num_attention_heads\": 3", "\"num_attention_heads\": 0", ["num_attention_heads 0"]),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 0", ["num_hidden_layers 0"]),
    (
      "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3",
      ["missing: bert.encoder.layer.2.attention.self.query.weight", "6 more"]
    ),
    (
      "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1",
      ["unexpected: bert.encoder.layer.1.attention.output.dense.weight", "6 more"]
    ),
    ("\"hidden_size\": 24", "\"hidden_size\": -24", ["hidden_size -24"]),
    ("\"hidden_size\": 24", "\"hidden_size\": \"24\"", ["hidden_size", "type"]),
    ("\"hidden_size\": 24,", "", ["hidden_size is missing"]),
    ("\"hidden_size\": 24", "\"hidden_size\": 16777215", ["misshapen: bert.embeddings.word_embeddings.weight"]),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 16000000", ["num_hidden_layers"]),
    ("\"vocab_size\": 60", "\"vocab_size\": 59", ["60 tokens", "59"]),
    ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"silu\"", ["\"silu\"", "gelu_new"]),
    ("\"layer_norm_eps\": 1e-12", "\"layer_norm_eps\": 0", ["layer_norm_eps"]),
    ("\"hidden_dropout_prob\": 0.0", "\"hidden_dropout_prob\": 1.5", ["hidden_dropout_prob 1.5"]),
    ("\"is_decoder\": false", "\"is_decoder\": true", ["is_decoder"]),
    ("\"pad_token_id\": 0,", "\"position_embedding_type\": \"relative_key\",", ["\"relative_key\"", "absolute"]),
    (
      "\"max_position_embeddings\": 32", "\"max_position_embeddings\": 31",
      ["misshapen: bert.embeddings.position_embeddings.weight", "31"]
    ),
    ("{", "[", ["config.json", "JSON"]),
  ]

  @Test(arguments: configurations.indices) func configuration(_ index: Int) throws {
    let (text, replacement, words) = Self.configurations[index]
    try expectRefusal(words) { try edit($0) { $0.replacing(text, with: replacement, maxReplacements: 1) } }
  }

  @Test func otherFilesThatAreMissing() throws {
    try expectRefusal(["config.json"]) { try FileManager.default.removeItem(at: $0.appending(path: "config.json")) }
  }
}
