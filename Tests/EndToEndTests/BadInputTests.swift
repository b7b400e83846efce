import DistillCore
import Foundation
import Testing

/// Whatever is wrong with what comes in, the command says so, ends by itself, and leaves nothing that looks whole.
@Suite(.serialized) struct BadInputTests {
  @Test func aWrongCommandLineOrFileIsStatus2() throws {
    let bench = try Workbench()
    try bench.write(Workbench.pipeline.replacing("neighbours", with: "neighbors"), to: "wrong.yaml")
    try bench.write("version: [1\n", to: "syntax.yaml")
    try bench.write("", to: "empty.yaml")
    for arguments in [
      ["run"], ["run", "no.yaml"], ["run", "pipeline.yaml", "--quick"], ["walk"], ["run", "wrong.yaml"],
      ["run", "syntax.yaml"], ["run", "empty.yaml"], ["run", "teacher"], ["validate", "no.yaml"],
      ["run", "pipeline.yaml", "--set", "training.epochs"], ["run", "pipeline.yaml", "--threads", "0"],
      ["tokenize", "teacher", "--max-length", "0"], ["tokenize", "teacher", "no.txt"],
      ["embed", "teacher", "--activation", "hidden", "--output", "x"], ["embed", "teacher"],
      ["walk", "pipeline.yaml"], ["help", "walk"], ["run", "pipeline.yaml", "--threads", "-1"],
      ["evaluate", "nowhere"],
      ["predict", "nowhere"], ["predict", "train.tsv"], ["tokenize", "nowhere"], ["tokenize", "teacher", "teacher"],
      ["embed", "nowhere", "--output", "x"], ["plan", "pipeline.yaml", "--beside", "nowhere"],
      ["embed", "teacher", "pipeline.yaml", "--max-length", "0", "--output", "x"], ["plugins", "describe", "nothing"],
    ] {
      let outcome = try bench.distill(arguments)
      #expect(outcome.status == 2, "\(arguments): \(outcome.errors)")
      #expect(!outcome.errors.isEmpty && outcome.output.isEmpty, "\(arguments)")
    }
    #expect(!bench.exists("runs"))
  }

  @Test func aSyntaxErrorHidesNothingBeforeIt() throws {
    let bench = try Workbench()
    let text = Workbench.pipeline.replacing("train: train", with: "train: no").replacing("[2]", with: "[9]")
      .replacing("weight: 0.5", with: "weight: -1")
      .replacing("{epochs: 3, batch_size: 8, learning_rate: 0.003}", with: "\n  epochs: 3\n   batch_size: 8")
    try bench.write(text, to: "wrong.yaml")
    let outcome = try bench.distill("validate", "wrong.yaml")
    let places = outcome.errors.matches(of: /wrong.yaml:(\d+):\d+: error/).map { String($0.1) }
    #expect(outcome.status == 2 && places == ["3", "8", "11", "15"], "\(outcome.errors)")
  }

  enum Damage: String, CaseIterable {
    case truncated, empty, garbage, misnamed, misshapen, moreLayers, notFinite, foreignVocabulary, missing,
      configuration
  }

  @Test(arguments: Damage.allCases) func aBrokenTeacherEndsTheRun(_ damage: Damage) throws {
    let bench = try Workbench()
    let weights = bench.url.appending(path: "teacher/model.safetensors")
    var bytes = try Data(contentsOf: weights)
    func replace(_ file: String, _ old: String, _ new: String) throws {
      try bench.write(String(decoding: bench.data(file), as: UTF8.self).replacing(old, with: new), to: file)
    }
    let saying: String
    switch damage {
    case .truncated: (bytes, saying) = (bytes.dropLast(100), "truncated")
    case .empty: (bytes, saying) = (Data(), "model.safetensors")
    case .garbage: (bytes, saying) = (Data("no tensors in here, only words".utf8), "model.safetensors")
    case .misnamed:
      let range = try #require(bytes.range(of: Data("pooler.dense.bias".utf8)))
      bytes.replaceSubrange(range, with: Data("poolar.dense.bias".utf8))
      saying = "unexpected: bert.poolar.dense.bias"
    case .misshapen:
      try replace("teacher/config.json", "\"intermediate_size\": 32", "\"intermediate_size\": 33")
      saying = "misshapen: bert.encoder.layer.0.intermediate.dense.weight"
    case .moreLayers:
      try replace("teacher/config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4")
      saying = "missing: bert.encoder.layer.3"
    case .notFinite:
      bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
      saying = "not finite"
    case .foreignVocabulary:
      try bench.write(
        (Workbench.vocabulary + (1...200).map { "w\($0)" }).joined(separator: "\n"), to: "teacher/vocab.txt")
      saying = "vocabulary"
    case .missing:
      try FileManager.default.removeItem(at: weights)
      saying = "is missing"
    case .configuration:
      try bench.write("{\"model_type\": \"bert\"}", to: "teacher/config.json")
      saying = "is missing"
    }
    if damage != .missing { try bytes.write(to: weights) }
    let outcome = try bench.distill("run", "pipeline.yaml")
    // All but the numbers is known before anything runs.
    #expect(outcome.status == (damage == .notFinite ? 1 : 2))
    #expect(outcome.errors.contains(saying), "\(outcome.errors)")
    for part in ["teacher", "student", "knowledge-base", "report.json"] { #expect(!bench.exists("runs/tiny/\(part)")) }
    #expect(try bench.distill("predict", "runs/tiny", input: "a\n").status == outcome.status)
    let embedded = try bench.distill("embed", "teacher", "--output", "x", input: "a\n")
    #expect(embedded.status == 1 && !bench.exists("x"), "\(embedded.errors)")
  }

  @Test func brokenDataEndsTheRun() throws {
    for (content, status, saying) in [
      ("text\tpurpose\nplease\tcancel\n", 2, "no column 'intent'"),
      ("words\tintent\nplease\tcancel\nstop\trefund\n", 2, "no column 'text'"),
      ("", 2, "is empty"), ("text\tintent\n", 2, "holds no rows"),
      ("text\tintent\nplease\tcancel\nno tab here\n", 2, "train.tsv:3"),
      ("text\tintent\nplease\tcancel\nstop\tcancel\n", 2, "two labels"),
    ] as [(String, Int32, String)] {
      let bench = try Workbench()
      try bench.write(content, to: "train.tsv")
      let outcome = try bench.distill("run", "pipeline.yaml")
      #expect(outcome.status == status && outcome.errors.contains(saying), "\(saying): \(outcome.errors)")
      #expect(!bench.exists("runs/tiny/student"))
    }
    let bench = try Workbench()
    try bench.write("text\tintent\nplease\tsing\n", to: "validation.tsv")
    let unknown = try bench.distill("run", "pipeline.yaml")
    #expect(unknown.status == 2 && unknown.errors.contains("unknown intent 'sing'"), "\(unknown.errors)")
    try Data("text\tintent\nple\u{41}se ".utf8 + [0xFF, 0xFE] + "\tcancel\n".utf8).write(
      to: bench.url.appending(path: "validation.tsv"))
    let broken = try bench.distill("run", "pipeline.yaml")
    #expect(broken.status == 2 && broken.errors.contains("validation.tsv:2: is not valid UTF-8"), "\(broken.errors)")
    #expect(!bench.exists("runs/tiny"), "nothing is begun before the data is read")
  }

  @Test func brokenTextsAreNotAnswered() throws {
    let bench = try Workbench()
    try bench.run()
    try Data("fine\n".utf8 + [0xC3, 0x28, 0x0A]).write(to: bench.url.appending(path: "broken.txt"))
    try bench.write("", to: "empty.txt")
    for command in [["predict", "runs/tiny"], ["tokenize", "teacher"]] {
      let broken = try bench.distill(command + ["broken.txt"])
      #expect(broken.status == 2 && broken.output.isEmpty, "\(command)")
      #expect(broken.errors.contains("broken.txt:2: is not valid UTF-8"), "\(broken.errors)")
      let triple = try bench.distill(command, input: "a\tb\tc\n")
      #expect(triple.status == 2 && triple.errors.contains("standard input:1"), "\(triple.errors)")
      let empty = try bench.distill(command + ["empty.txt"])
      #expect(empty.status == 2 && empty.errors.contains("is empty"), "\(command)")
    }
  }

  @Test func brokenRunsAreNotUsed() throws {
    let bench = try Workbench()
    try bench.run()
    func damage(_ file: String, _ change: (URL) throws -> Void) throws {
      let (whole, copy) = (bench.url.appending(path: "runs/tiny"), bench.url.appending(path: "copy"))
      try? FileManager.default.removeItem(at: copy)
      try FileManager.default.copyItem(at: whole, to: copy)
      try change(copy.appending(path: file))
      let outcome = try bench.distill("predict", "copy", input: "please cancel\n")
      #expect(outcome.status == 1 && outcome.output.isEmpty, "\(file)")
      #expect(
        outcome.errors.contains(URL(filePath: file).deletingPathExtension().lastPathComponent), "\(outcome.errors)")
    }
    func truncate(_ url: URL) throws { try Data(contentsOf: url).dropLast(40).write(to: url) }
    try damage("knowledge-base", FileManager.default.removeItem)
    try damage("knowledge-base/manifest.json", truncate)
    try damage("knowledge-base/segments/000001-make/keys.safetensors", truncate)
    try damage("knowledge-base/segments/000001-make/keys.safetensors") { url in
      try (Data(contentsOf: url).dropLast(4) + [0, 0, 0xC0, 0x7F]).write(to: url)  // the last number is NaN
    }
    try damage("student/model.safetensors", truncate)
    try damage("student", FileManager.default.removeItem)
    try damage("run.json", truncate)
    // Without its knowledge base the student still answers, when asked to.
    try damage("knowledge-base", FileManager.default.removeItem)
    #expect(try bench.distill("predict", "copy", "--no-retrieval", input: "please cancel\n").status == 0)
  }

  @Test func aFolderOfSomethingElseIsNotWrittenInto() throws {
    let bench = try Workbench()
    for arguments in [
      ["run", "pipeline.yaml", "--output", "teacher"], ["run", "pipeline.yaml", "--output", "teacher", "--resume"],
    ] {
      let before = try FileManager.default.contentsOfDirectory(atPath: bench.path("teacher")).sorted()
      let outcome = try bench.distill(arguments)
      #expect(outcome.status == 2 && outcome.errors.contains("not of a run"), "\(outcome.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: bench.path("teacher")).sorted() == before)
    }
    #expect(try bench.distill("run", "pipeline.yaml", "--output", "train.tsv").status == 2)
  }

  @Test func layersThatDoNotExistAreRefused() throws {
    let bench = try Workbench()
    for layers in ["[]", "[4]", "[0]"] {
      let outcome = try bench.distill("embed", "teacher", "--set", "layers=\(layers)", "--output", "x", input: "a\n")
      #expect(outcome.status == 1 || outcome.status == 2, "\(layers): \(outcome.errors)")
      #expect(!bench.exists("x"))
    }
  }
}
