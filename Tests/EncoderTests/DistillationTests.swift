import DistillCore
import DistillCrossEntropy
import DistillEncoder
import DistillHiddenStateMSE
import DistillPipeline
import DistillTraining
import Foundation
import TestSupport
import Testing

/// Runs from every architecture and to every architecture.
struct DistillationTests {
  private static let names = ["bert", "distilbert", "roberta", "mpnet", "electra"]

  private static func folder(_ name: String) throws -> String {
    try Answers.url(name == "bert" ? "multilingual" : name).path
  }

  /// Twelve texts of three labels, which make five steps in one epoch and two of the next.
  private static func bench(_ body: (URL) throws -> Void) throws {
    try TemporaryFolder.with { folder in
      let texts = [
        "good film", "fine play", "very good plot", "the book is long", "a short cast", "it was the score",
        "bad poor film", "not good", "dull plot",
      ]
      let labels = ["positive", "neutral", "negative"]
      let rows = texts.enumerated().map { "\($1)\t\(labels[$0 / 3])" }
      try Data((["text\tlabel"] + rows).joined(separator: "\n").appending("\n").utf8)
        .write(to: folder.appending(path: "texts.tsv"))
      try body(folder)
    }
  }

  private static func run(
    _ folder: URL, teacher: String, student: String, task: String = "",
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> Report {
    let file = folder.appending(path: "pipeline.yaml")
    try Data(
      """
      version: 1
      name: tiny
      task: {use: tsv, train: texts.tsv, validation: texts.tsv, label: label, max_length: 12, labels: [negative, neutral, positive]\(task)}
      teacher: {\(teacher)}
      student: {\(student)}
      losses:
        - {use: soft-cross-entropy}
        - {use: hidden-mse}
      training: {epochs: 1, batch_size: 2, learning_rate: 0.003}
      output: run

      """.utf8
    ).write(to: file)
    let plugins =
      Kind.all.flatMap(\.compiled) + [
        CompiledPlugin(kind: "loss", name: SoftCrossEntropy.name, type: SoftCrossEntropy.self),
        CompiledPlugin(kind: "loss", name: HiddenStateMSE.name, type: HiddenStateMSE.self),
      ]
    let registry = try PluginRegistry(plugins, kinds: PluginKind.pipeline)
    let pipeline = try Pipeline(file: file.path, overrides: [], registry: registry)
    return try Compute.$threads.withValue(1) {
      try PipelineRun(
        pipeline, output: folder.appending(path: "run"), resumes: false, stop: StopRequest(), observe: observe
      )
      .run()
    }
  }

  /// From a fine-tuned folder of each architecture to a student of random weights of each.
  @Test(arguments: names, names) func fromEachToEach(_ teacher: String, _ student: String) throws {
    try Self.bench { folder in
      let labels = teacher == "bert" ? ", fine_tune: {epochs: 1, batch_size: 4}" : ""
      _ = try Self.run(
        folder, teacher: "use: \(teacher), checkpoint: \(try Self.folder(teacher))\(labels)",
        student: "use: \(student), random: {layers: 1, hidden_size: 32, heads: 4, intermediate_size: 32}")
      let trained = try Kind.of(student).load(folder.appending(path: "run/student"))
      #expect(trained.card.layers == 1 && trained.card.architecture == student && trained.untrained.isEmpty)
    }
  }

  /// A student of one of the teacher's layers, which is the teacher's architecture, and learns.
  @Test(arguments: names) func fromLayersOfTheTeacher(_ name: String) throws {
    try Self.bench { folder in
      let layers = name == "bert" ? 1 : 2
      _ = try Self.run(
        folder,
        teacher:
          "use: \(name), checkpoint: \(try Self.folder(name))\(name == "bert" ? ", fine_tune: {epochs: 1, batch_size: 4}" : "")",
        student: "use: \(name), from_teacher_layers: [\(layers)]")
      let lines = try String(contentsOf: folder.appending(path: "run/metrics.jsonl"), encoding: .utf8)
        .split(separator: "\n")
      #expect(lines.count { $0.contains("\"soft-cross-entropy\"") } >= 5)
      #expect(try Kind.of(name).load(folder.appending(path: "run/student")).card.architecture == name)
    }
  }

  /// A recipe's dropout takes the place of the checkpoint's, in the teacher and in a student that is made of its layers.
  @Test func theDropoutOfARecipe() throws {
    try Self.bench { folder in
      _ = try Self.run(
        folder,
        teacher:
          "use: bert, checkpoint: \(try Self.folder("bert")), dropout: 0.25, fine_tune: {epochs: 1, batch_size: 4}",
        student: "use: bert, from_teacher_layers: [1], dropout: 0.5")
      for (model, dropout) in [("teacher", 0.25), ("student", 0.5)] {
        let file = try Data(contentsOf: folder.appending(path: "run/\(model)/config.json"))
        let members = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        for name in ["hidden_dropout_prob", "attention_probs_dropout_prob"] {
          #expect(members[name] as? Double == dropout, "\(model)")
        }
      }
      let error = #expect(throws: Diagnostics.self) {
        try Self.run(
          folder, teacher: "use: bert, checkpoint: \(try Self.folder("bert"))",
          student: "use: bert, dropout: 0, random: {layers: 1, hidden_size: 32, heads: 4, intermediate_size: 32}")
      }
      #expect("\(try #require(error))".contains("give `random.dropout` instead"))
      for option in ["dropout: 0", "refit: true"] {
        let idle = #expect(throws: Diagnostics.self) {
          try Self.run(
            folder, teacher: "use: bert, checkpoint: \(try Self.folder("bert")), \(option)",
            student: "use: bert, from_teacher_layers: [1]")
        }
        #expect("\(try #require(idle))".contains("the teacher is not trained"))
      }
    }
  }

  /// `refit` changes the classifier at the end of a training and nothing else: to a regression on the embeddings that it ended with, which
  /// does not depend on what the classifier was.
  @Test func theClassifierThatIsFittedAnew() throws {
    func models(_ options: String) throws -> [String: SafetensorsReader] {
      var readers: [String: SafetensorsReader] = [:]
      try Self.bench { folder in
        _ = try Self.run(
          folder,
          teacher: "use: bert, checkpoint: \(try Self.folder("bert")), fine_tune: {epochs: 1, batch_size: 4}\(options)",
          student: "use: bert, checkpoint: \(try Self.folder("bert"))\(options)")
        for model in ["teacher", "student"] {
          readers[model] = try SafetensorsReader(folder.appending(path: "run/\(model)/model.safetensors"))
        }
        try check(folder, options)
      }
      return readers
    }
    /// The weights of a classifier that was fitted anew are those of a regression that is fitted here.
    func check(_ folder: URL, _ options: String) throws {
      for name in ["teacher", "student"] {
        let model = try Kind.of("bert").load(folder.appending(path: "run/\(name)"))
        let labels = ["negative", "neutral", "positive"]
        let rows = try String(contentsOf: folder.appending(path: "texts.tsv"), encoding: .utf8)
          .split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
        let targets = rows.map { labels.firstIndex(of: String($0[1])) ?? 0 }
        let examples = rows.enumerated().map { Example(text: String($1[0]), target: .label(targets[$0]), line: $0) }
        let data = EncodedDataset(examples, with: model.tokenizer, maximumLength: 12)
        let response = try answers(of: model, to: data, with: [.embedding, .logits])
        let map = try LinearProbe.classifier(
          Matrix(response[.embedding]), labels: targets, classes: 3, strength: 1e-4)
        let fitted = map(Matrix(try response[.embedding])).values
        let distance = zip(fitted, try response[.logits].values).map { abs($0 - $1) }.max() ?? .infinity
        let largest = fitted.map(abs).max() ?? 0
        #expect((distance < 0.01 * largest) == !options.isEmpty, "\(name): \(distance) of \(largest)")
      }
    }
    let (trained, refit) = (try models(""), try models(", refit: true"))
    let (old, new) = (try #require(trained["teacher"]), try #require(refit["teacher"]))
    #expect(old.tensors.keys.sorted() == new.tensors.keys.sorted())
    for name in old.tensors.keys {
      let isSame = try old.floats(named: name) == new.floats(named: name)
      #expect(isSame == !name.hasPrefix("classifier"), "\(name)")
    }
  }

  /// With texts without labels, which the teacher answers, a regression would see the fewer ones; with texts that select the epoch, these say
  /// which classifier is the better.
  @Test(arguments: [
    (", unlabelled: more.tsv", "without labels"), (", unlabelled: more.tsv, hold_out: 0.4", "a loss of"),
    (", hold_out: 0.4", "a loss of"), ("", "the classifier was fitted anew"),
  ]) func whatARefitSaysOfItself(_ task: String, _ remark: String) throws {
    try Self.bench { folder in
      try Data("text\tlabel\na dull score\t\nfine cast\t\n".utf8).write(to: folder.appending(path: "more.tsv"))
      var notes: [String] = []
      _ = try Self.run(
        folder, teacher: "use: bert, checkpoint: \(try Self.folder("bert")), fine_tune: {epochs: 1, batch_size: 4}",
        student: "use: bert, from_teacher_layers: [1], refit: true", task: task
      ) { if case .note(let text) = $0 { notes.append(text) } }
      let told = notes.filter { $0.hasPrefix("student: the ") && $0.contains("classifier") }
      #expect(told.count == 1 && told[0].contains(remark), "\(notes)")
    }
  }

  /// From texts, with the tokenizers of these models, which the student is written with.
  @Test(arguments: ["roberta-pieces", "xlm-roberta-pieces", "mpnet-pieces"])
  func withTheirOwnTokenizers(_ fixture: String) throws {
    try Self.bench { folder in
      let kind = try Kind.of(fixture)
      let source = try Answers.url(fixture)
      _ = try Self.run(
        folder, teacher: "use: \(kind.name), checkpoint: \(source.path)",
        student: "use: \(kind.name), from_teacher_layers: [2]")
      let student = try kind.load(folder.appending(path: "run/student"))
      #expect(try student.tokenizer.fingerprint == kind.load(source).tokenizer.fingerprint)
    }
  }

  @Test func layersOfAnotherArchitectureAreRefused() throws {
    try Self.bench { folder in
      let error = #expect(throws: (any Error).self) {
        try Self.run(
          folder, teacher: "use: roberta, checkpoint: \(try Self.folder("roberta"))",
          student: "use: bert, from_teacher_layers: [1]")
      }
      #expect("\(error as Any)".contains("copies layers of a bert, and the teacher is a roberta"), "\(error as Any)")
    }
  }
}
