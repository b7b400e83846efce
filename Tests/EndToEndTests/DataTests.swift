import DistillCore
import Foundation
import Testing

/// From a file of somebody's own to a pipeline that runs.
@Suite(.serialized) struct DataTests {
  /// The texts of the bench as CSV, with a column that nobody asked for.
  private func writeCSV(_ bench: Workbench, _ name: String, _ count: Int, seed: UInt64) throws {
    let rows = Workbench.intents(count, key: RandomKey(seed)).split(separator: "\n").dropFirst().enumerated()
    let lines = rows.map { place, row -> String in
      let fields = row.split(separator: "\t")
      return "\(place),\"\(fields[0]), \"\"please\"\"\",\(fields[1])"
    }
    try bench.write((["id,utterance,intent"] + lines).joined(separator: "\n") + "\n", to: name)
  }

  private func model(_ bench: Workbench) throws {
    try FileManager.default.createDirectory(at: bench.url.appending(path: "models"), withIntermediateDirectories: true)
    try bench.writeBERT("models/all-MiniLM-L6-v2", layers: 6)
  }

  @Test func aFileIsDescribed() throws {
    let bench = try Workbench()
    try writeCSV(bench, "texts.csv", 60, seed: 5)
    let words = try bench.distill("data", "texts.csv")
    #expect(words.status == 0 && words.output.contains("words (no tokenizer"), "\(words.output)\(words.errors)")
    #expect(
      words.output.hasPrefix("texts.csv: CSV, 60 rows\n  columns     text: utterance, label: intent; not used: id"))
    #expect(words.output.contains("classes     3: cancel 20 (33.3 %), refund 20 (33.3 %), track 20 (33.3 %)\n"))
    try model(bench)
    let told = try bench.distill("data", "texts.csv", "--format", "json", "--max-length", "8")
    let report = try #require(JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
    #expect(report["tokenizer"] as? String == "models/all-MiniLM-L6-v2" && report["maximum_length"] as? Int == 8)
    let file = try #require((report["files"] as? [[String: Any]])?.first)
    let lengths = try #require(file["lengths"] as? [String: Any])
    // What `tokenize` says of the same texts.
    let texts = try String(contentsOf: bench.url.appending(path: "texts.csv"), encoding: .utf8).split(separator: "\n")
      .dropFirst().map { $0.split(separator: "\"", omittingEmptySubsequences: false)[1...].joined(separator: "\"") }
      .map { String($0.prefix { $0 != "," }) + ", \"please\"" }
    try bench.write(texts.joined(separator: "\n") + "\n", to: "texts.txt")
    let counts = try bench.distill("tokenize", "models/all-MiniLM-L6-v2", "texts.txt").lines.map {
      $0.split(separator: " ").count
    }
    #expect(lengths["longest"] as? Int == counts.max() && lengths["cut"] as? Int == counts.count { $0 > 8 })
    #expect(
      (report["task"] as? String)?.hasPrefix("task: {use: csv, train: texts.csv, text: utterance, label: intent, ")
        == true)
    let piped = try bench.distill("data", "-", input: String(decoding: bench.data("texts.csv"), as: UTF8.self))
    #expect(piped.status == 0 && piped.output.hasPrefix("standard input: CSV, 60 rows"), "\(piped.errors)")
    let missing = try bench.distill("data", "nothing.csv")
    #expect(missing.status == 2 && missing.errors == "error: there is no file nothing.csv\n")
    #expect(try bench.distill("data", "texts.csv", "--max-length", "1").errors.contains("Usage:"))
  }

  @Test func aFileBecomesAPipelineThatRuns() throws {
    let bench = try Workbench()
    try model(bench)
    try FileManager.default.createDirectory(at: bench.url.appending(path: "mine"), withIntermediateDirectories: true)
    try writeCSV(bench, "mine/train.csv", 60, seed: 5)
    try writeCSV(bench, "mine/dev.csv", 24, seed: 6)
    let written = try bench.distill("init", "mine/train.csv", "--validation", "mine/dev.csv", "--output", "mine/p.yaml")
    #expect(written.status == 0, "\(written.errors)")
    let valid = try bench.distill("validate", "mine/p.yaml")
    #expect(valid.status == 0, "\(valid.errors)")
    let shown = try bench.distill("show", "mine/p.yaml").output
    for line in ["use: csv ", "text: utterance ", "label: intent ", "name: mine ", "from_teacher_layers: [2, 4, 6] "] {
      #expect(shown.contains(line), "\(line) in \(shown)")
    }
    let run = try bench.distill(
      "run", "mine/p.yaml", "--set", "training.epochs=1", "--set", "teacher.fine_tune.epochs=1")
    #expect(run.status == 0 && run.output.contains("accuracy"), "\(run.errors)")
    #expect(bench.exists("mine/runs/mine/report.json"))

    let alone = try bench.distill("init", "mine/train.csv", "--output", "alone.yaml")
    #expect(alone.status == 0, "\(alone.errors)")
    #expect(try bench.distill("validate", "alone.yaml").status == 0)
    let text = String(decoding: try bench.data("alone.yaml"), as: UTF8.self)
    #expect(text.contains("There is no validation file") && text.contains("train: mine/train.csv\n"))
  }

  /// Scores, pairs, a separator and a model of another depth.
  @Test func otherFilesBecomePipelinesToo() throws {
    let bench = try Workbench()
    try bench.write(
      Workbench.pairs(48, key: RandomKey(3)).replacing("\t", with: ";"), to: "pairs.csv")
    let written = try bench.distill("init", "pairs.csv", "--model", "teacher", "--score", "score", "--output", "p.yaml")
    #expect(written.status == 0, "\(written.errors)")
    let valid = try bench.distill("validate", "p.yaml")
    #expect(valid.status == 0 && valid.output.contains("1 outputs"), "\(valid.errors)")
    let shown = try bench.distill("show", "p.yaml").output
    for line in [
      "pair: sentence2", "score: score", "separator: \";\"", "max_length: 16", "from_teacher_layers: [3]", "epochs: 8 ",
      "dropout: 0.0 ",
    ] {
      #expect(shown.contains(line), "\(line) in \(shown)")
    }
    #expect(!shown.contains("pairs: separate"))

    // A sentence encoder was trained to read one text at a time.
    try bench.write(
      #"""
      [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
       {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
      """#, to: "teacher/modules.json")
    try FileManager.default.createDirectory(
      at: bench.url.appending(path: "teacher/1_Pooling"), withIntermediateDirectories: true)
    try bench.write(
      #"{"word_embedding_dimension": 16, "pooling_mode_mean_tokens": true}"#, to: "teacher/1_Pooling/config.json")
    let apart = try bench.distill(
      "init", "pairs.csv", "--model", "teacher", "--score", "score", "--output", "apart.yaml")
    #expect(apart.status == 0, "\(apart.errors)")
    let read = try bench.distill("validate", "apart.yaml")
    #expect(read.status == 0 && read.output.contains("embedding 64"), "\(read.output)\(read.errors)")
    #expect(try bench.distill("show", "apart.yaml").output.contains("pairs: separate"))
  }

  @Test func textsOfSeveralLabelsBecomeAPipeline() throws {
    let bench = try Workbench()
    let rows = (0..<40).map { row in
      #"{"text": "where is my parcel \#(row)", "intents": [\#([#""track""#, #""track", "refund""#, ""][row % 3])]}"#
    }
    try bench.write((rows + [""]).joined(separator: "\n"), to: "several.jsonl")
    try bench.write(rows[3] + "\n", to: "one.jsonl")
    let written = try bench.distill(
      "init", "several.jsonl", "--validation", "one.jsonl", "--model", "teacher", "--output", "p.yaml")
    #expect(written.status == 0, "\(written.errors)")
    let valid = try bench.distill("validate", "p.yaml")
    #expect(valid.status == 0 && valid.output.contains("2 outputs"), "\(valid.errors)")
    #expect(try bench.distill("show", "p.yaml").output.contains("multilabel: true"))
  }

  @Test func whatCannotBecomeAPipelineIsSaid() throws {
    let bench = try Workbench()
    try bench.write("text,label\nsome words,a\nother words,a\n", to: "one.csv")
    try bench.write("text\nsome words\nother words\n", to: "texts.csv")
    try bench.write("text,label\nsome words,a\nother words,b\n", to: "two.csv")
    try bench.write("text,label\nsome words,c\nother words,b\n", to: "new.csv")
    for (arguments, message) in [
      (["one.csv"], "one.csv: every row has the same label"), (["texts.csv"], "no column looks like labels or scores"),
      (["two.csv", "--validation", "new.csv"], "new.csv has labels that two.csv does not have: c"),
      (["two.csv", "--validation", "validation.tsv"], "validation.tsv"), (["none.csv"], "there is no file none.csv"),
    ] {
      let told = try bench.distill(["init"] + arguments)
      #expect(told.status == 2 && told.errors.contains(message) && !told.errors.contains("Usage:"), "\(told.errors)")
    }
    let misused = try bench.distill("init", "mrpc", "--label", "x")
    #expect(misused.status == 2 && misused.errors.contains("Usage:"))
  }

  @Test func quotedFieldsOfATSVAreAWarning() throws {
    let bench = try Workbench()
    let rows = (0..<20).map { "\"cancel \"\"now\"\" \($0)\"\tcancel\nwhere is my parcel\ttrack\n" }.joined()
    try bench.write("text\tintent\n" + rows, to: "train.tsv")
    let told = try bench.distill("validate", "pipeline.yaml", "--set", "task.validation=train.tsv")
    #expect(
      told.status == 0 && told.errors.contains("warning") && told.errors.contains("quoted as in CSV"), "\(told.errors)")
    #expect(told.errors.contains("`use: csv` with `separator: tab`"))
    let mended = try bench.distill(
      "validate", "pipeline.yaml", "--set", "task.validation=train.tsv", "--set", "task.use=csv", "--set",
      "task.separator=tab")
    #expect(mended.status == 0 && !mended.errors.contains("quoted"), "\(mended.errors)")
  }

  @Test func whatFetchesTheMissingIsSaid() throws {
    let bench = try Workbench()
    try bench.write(bench.distill("init", "mrpc").output, to: "mrpc.yaml")
    let absent = try bench.distill("validate", "mrpc.yaml")
    for said in ["mrpc.yaml:34:15", "Scripts/fetch-minilm", "gluebenchmark.com"] {
      #expect(absent.status == 2 && absent.errors.contains(said), "\(said) in \(absent.errors)")
    }
    try model(bench)
    try FileManager.default.removeItem(at: bench.url.appending(path: "models/all-MiniLM-L6-v2/model.safetensors"))
    let half = try bench.distill("validate", "mrpc.yaml")
    #expect(
      half.status == 2 && half.errors.contains("model.safetensors: is missing; `Scripts/fetch-minilm`"),
      "\(half.errors)")
    let typed = try bench.distill("tokenize", "elsewhere/all-MiniLM-L6-v2", input: "a\n")
    #expect(typed.status == 2 && typed.errors.contains("Scripts/fetch-minilm"), "\(typed.errors)")
    #expect(try !bench.distill("tokenize", "elsewhere", input: "a\n").errors.contains("fetch"))
  }
}
