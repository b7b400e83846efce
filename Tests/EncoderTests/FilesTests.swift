import DistillBERT
import DistillCore
import DistillEncoder
import DistillMPNet
import Foundation
import Testing

/// Folders: weights in several files, heads, architectures that are not meant, and what is written.
struct FilesTests {
  private static let shard = "model-00002-of-00003.safetensors"
  private static let index = "model.safetensors.index.json"

  private func expectRefusal(
    _ name: String, _ words: [String], location: SourceLocation = #_sourceLocation, _ damage: (URL) throws -> Void
  ) throws {
    try withCopy(of: name) { folder in
      try damage(folder)
      let error = #expect(throws: FormatError.self, sourceLocation: location) {
        try Kind.of(name).student(folder, nil, nil)
      }
      for word in words { #expect("\(error as Any)".contains(word), "\(error as Any)", sourceLocation: location) }
    }
  }

  @Test func shardsThatAreWrong() throws {
    let name = "distilbert-shards"
    try expectRefusal(name, [Self.shard, "is missing", Self.index]) { folder in
      try FileManager.default.removeItem(at: folder.appending(path: Self.shard))
    }
    try expectRefusal(name, [Self.index, "../\(Self.shard)", "same folder"]) { folder in
      try edit(folder.appending(path: Self.index), "\"\(Self.shard)\"", "\"../\(Self.shard)\"")
    }
    try expectRefusal(name, [Self.index, "weight_map"]) { folder in
      try Data("{\"weight_map\": {\"a\": 1}}".utf8).write(to: folder.appending(path: Self.index))
    }
    let tensor = "\"distilbert.transformer.layer.0.attention.k_lin.bias\": "
    try expectRefusal(name, ["model-00001-of-00003", "does not hold", "k_lin.bias"]) { folder in
      try edit(
        folder.appending(path: Self.index), "\(tensor)\"\(Self.shard)\"",
        "\(tensor)\"model-00001-of-00003.safetensors\"")
    }
    try expectRefusal(name, [Self.shard, "holds", "k_lin.bias", "does not name"]) { folder in
      try edit(folder.appending(path: Self.index), "\(tensor)\"\(Self.shard)\",", "")
    }
    // A tensor in two files: the index names one of them.
    try expectRefusal(name, ["model-00003-of-00003", "holds", "says is in"]) { folder in
      let target = folder.appending(path: "model-00003-of-00003.safetensors")
      let (from, to) = (try SafetensorsReader(folder.appending(path: Self.shard)), try SafetensorsReader(target))
      var writer = SafetensorsWriter()
      for (reader, name) in to.names.map({ (to, $0) }) + [(from, from.names[0])] {
        let values = try reader.floats(named: name)
        writer.add(name, shape: reader.tensors[name]?.shape ?? []) { values }
      }
      try writer.write(to: target)
    }
    try expectRefusal(name, [Self.shard, "truncated"]) { folder in
      let file = folder.appending(path: Self.shard)
      try Data(contentsOf: file).dropLast(100).write(to: file)
    }
  }

  @Test func sourcesAreAllShards() throws {
    var recipe = EncoderStudent<BERT>()
    recipe.checkpoint = OptionPath(try Answers.url("distilbert-shards").path)
    let names = try #require(recipe.sources).map(\.lastPathComponent)
    #expect(
      names.filter { $0.contains("model") } == [Self.index] + (1...3).map { "model-0000\($0)-of-00003.safetensors" })
    recipe.checkpoint = OptionPath(try Answers.url("roberta").path)
    #expect(try #require(recipe.sources).filter { $0.path.contains("model") }.count == 1)
  }

  /// Each plugin says which one reads a folder of another kind, and which kinds can be read at all.
  @Test func otherArchitectures() throws {
    for kind in Kind.all {
      for folder in ["distilbert", "roberta", "mpnet", "electra", "multilingual"]
      where try Kind.of(folder == "multilingual" ? "bert" : folder).name != kind.name {
        if folder == "roberta", ["xlm-roberta", "camembert"].contains(kind.name) { continue }
        let type = folder == "multilingual" ? "bert" : folder
        let error = #expect(throws: FormatError.self) { try kind.student(Answers.url(folder), nil, nil) }
        #expect("\(error as Any)".contains("write `use: \(type)`"), "\(kind): \(error as Any)")
      }
    }
    try expectRefusal(
      "roberta", ["\"deberta-v2\"", "cannot be read", "\"bert\", \"camembert\", \"distilbert\", \"electra\""]
    ) {
      try edit($0.appending(path: "config.json"), "\"model_type\": \"roberta\"", "\"model_type\": \"deberta-v2\"")
    }
  }

  @Test func configurationsThatAreWrong() throws {
    let wrong: [(String, String, String, [String])] = [
      ("distilbert", "\"n_heads\": 4", "\"n_heads\": 5", ["5 attention heads", "dim 32"]),
      ("distilbert", "\"activation\": \"gelu\"", "\"activation\": \"silu\"", ["activation \"silu\""]),
      ("distilbert", "\"dim\": 32,", "", ["dim is missing"]),
      ("roberta", "\"pad_token_id\": 1", "\"pad_token_id\": 35", ["max_position_embeddings 36", "begin at 36"]),
      ("roberta", "\"pad_token_id\": 1", "\"pad_token_id\": -1", ["pad_token_id -1"]),
      ("mpnet", "num_buckets\": 32", "num_buckets\": 16", ["relative_attention_num_buckets 16", "32"]),
      ("electra", "\"embedding_size\": 24", "\"embedding_size\": 0", ["embedding_size 0"]),
      ("electra", "\"embedding_size\": 24", "\"embedding_size\": 32", ["unexpected: electra.embeddings_project"]),
    ]
    for (name, old, new, words) in wrong {
      try expectRefusal(name, words) { try edit($0.appending(path: "config.json"), old, new) }
    }
  }

  /// A folder of a fine-tuned model is a teacher as it is; one of a bare model has to learn the task first.
  @Test(arguments: ["distilbert", "roberta", "mpnet", "electra"]) func fineTunedTeachers(_ name: String) throws {
    try Kind.of(name).check(Answers.url(name))
    let teacher = try Kind.of(name).makeTeacher(Answers.url(name))
    #expect(teacher.untrained.isEmpty)
  }

  @Test(arguments: ["roberta-bare", "mpnet-bare"]) func bareTeachers(_ name: String) throws {
    let error = #expect(throws: WiringErrors.self) { try Kind.of(name).check(Answers.url(name)) }
    #expect("\(error as Any)".contains("classifier.out_proj"), "\(error as Any)")
    // Nothing has trained the pooler of such a model, so that it is not read unless somebody asks for it.
    let model = try Kind.of(name).student(Answers.url(name), nil, nil).model()
    #expect((model as? TransformerEncoder)?.readout == .mean)
  }

  /// What is written is read again with the same weights under the same names, and states the model that it was.
  @Test(arguments: ["distilbert", "roberta", "xlm-roberta", "camembert", "mpnet", "electra"])
  func writesWhatItRead(_ name: String) throws {
    let model = try Kind.of(name).student(Answers.url(name), nil, nil).model()
    try withCopy(of: name) { folder in
      let written = folder.appending(path: "written")
      try FileManager.default.createDirectory(at: written, withIntermediateDirectories: true)
      try model.write(to: written)
      func tensors(_ folder: URL) throws -> [String: TensorInfo] {
        try SafetensorsReader(folder.appending(path: "model.safetensors")).tensors
      }
      #expect(try tensors(written) == tensors(folder))
      let config = try String(contentsOf: written.appending(path: "config.json"), encoding: .utf8)
      #expect(config.contains("\"model_type\" : \"\(name)\""))
      #expect(config.contains("ForSequenceClassification"))
    }
  }
}
