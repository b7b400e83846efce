import DistillBERT
import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

struct ReportTests {
  /// Rows of three intents that their keywords tell; the base is a random encoder, in which words are still words.
  @Test func baselinesLearnFromTheTrainingTexts() throws {
    let bench = try Workbench()
    let report = try bench.run(try bench.pipeline(set: [("baselines.undistilled", "true")]), into: "tiny")
    func accuracy(_ name: String) throws -> Double {
      try #require(report.rows.first { $0.name.hasPrefix(name) }?.scores.first?.value, "\(name)")
    }
    #expect(try accuracy("largest class") == 1.0 / 3)
    #expect(try accuracy("logistic regression, 1 of 3 layers") > 0.6)
    #expect(try bench.metrics("tiny").contains { $0["phase"] as? String == "undistilled student" })
    #expect(report.rows.map(\.name).contains("undistilled student"))

    let student = try #require(report.rows.first { $0.name == "student" })
    #expect(student.comparison == nil && report.count == 24)
    for row in report.rows where row.name != "student" {
      let comparison = try #require(row.comparison)
      let (gained, lost) = (try #require(comparison.gained), try #require(comparison.lost))
      #expect(abs(comparison.difference - (row.scores[0].value - student.scores[0].value)) < 1e-12)
      #expect(abs(comparison.difference - Double(gained - lost) / 24) < 1e-12)
      #expect(comparison.p == exactMcNemarTest(gained: gained, lost: lost))
      #expect(row.interval.low <= row.scores[0].value && row.scores[0].value <= row.interval.high)
      #expect((row.speed == nil) == (row.name == "largest class"))
    }
    // The same lower layers as the student's, under a classifier of the same size.
    #expect(report.rows.first { $0.name.contains("1 of 3") }?.parameters == student.parameters)
    let record = try bench.finished("tiny").record
    #expect((record.seconds["baselines"] ?? 0) > 0)
  }

  /// The rows are computed once more from the states of the untrained encoder, one text at a time.
  @Test func frozenBaselinesReadTheEncoderBeforeItsTraining() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(set: [("task.hold_out", "0.3")])
    let rows = try bench.run(pipeline, into: "tiny").rows
    let texts = try pipeline.options.texts()
    let encoder = try BERTEncoder(bench.url.appending(path: "teacher"))
    func labels(_ examples: [Example]) -> [Int] {
      examples.compactMap { if case .label(let label) = $0.target { label } else { nil } }
    }
    func features(_ examples: [Example], layer: Int) throws -> Matrix {
      Matrix(
        concatenatedRows(
          try examples.map { example in
            let data = EncodedDataset([example], with: encoder.tokenizer, maximumLength: 16)
            let states = try encoder.respond(to: data.batch([0]), with: [.hidden(layer: layer)])[.hidden(layer: layer)]
            return states.mean(axis: 0, keepingAxis: true).l2Normalised()
          }))
    }
    let validation = try #require(texts.validation)
    let every = texts.training + texts.heldOutForEpochs + texts.heldOutForChoices
    let (known, right) = (labels(every), labels(validation))
    func share(_ answers: [Int], _ right: [Int]) -> Double {
      Double(zip(answers, right).count { $0.0 == $0.1 }) / Double(right.count)
    }
    for (name, layer) in [("all 3 layers", 3), ("1 of 3 layers", 1)] {
      let (x, z) = (try features(every, layer: layer), try features(validation, layer: layer))
      let map = try LinearProbe.fit((x, known.map { .label($0) }, known.map { _ in 1 }), task: texts.task.kind)
      let score = share(map(z).tensor.rowArgmax(), right)
      #expect(rows.first { $0.name == "logistic regression, \(name)" }?.scores[0].value == score, "\(name)")
    }
    let (keys, queries) = (try features(texts.training, layer: 3), try features(validation, layer: 3))
    let votes = (0..<queries.rows).map { row in
      let cosines = (0..<keys.rows).map { key -> Double in
        zip(queries.row(row), keys.row(key)).reduce(0.0) { sum, pair in sum + Double(pair.0) * Double(pair.1) }
      }
      var weights = [0.0, 0, 0]
      for key in keys.values.indices.prefix(keys.rows).sorted(by: { cosines[$0] > cosines[$1] }).prefix(8) {
        weights[known[key]] += exp(cosines[key] / 0.03)
      }
      return weights.indices.reduce(0) { weights[$1] > weights[$0] ? $1 : $0 }
    }
    #expect(rows.first { $0.name.hasPrefix("8 nearest") }?.scores[0].value == share(votes, right))
  }

  /// Held-out texts are counted as well: what is chosen on them is not chosen on texts that nobody has seen.
  @Test func textsThatAreInTheTrainingFileAreCounted() throws {
    let bench = try Workbench()
    let same = [(old: "validation: validation.tsv", new: "validation: train.tsv, hold_out: 0.2")]
    let report = try bench.run(try bench.pipeline(replacing: same), into: "tiny")
    #expect(report.remarks?.contains { $0.hasPrefix("60 of the 60 texts are also in the training file: ") } == true)
  }

  @Test func baselinesMayBeLeftOut() throws {
    let bench = try Workbench()
    let report = try bench.run(try bench.pipeline(set: [("baselines.frozen", "false")]), into: "tiny")
    #expect(report.rows.map(\.name) == ["teacher", "student", "student + knowledge base"])
  }

  @Test func heldOutTextsChooseThePenaltyAndNothingIsSaidOfTheEpoch() throws {
    let bench = try Workbench()
    let chosen = try bench.run(try bench.pipeline(set: [("training.keep", "best")]), into: "tiny")
    #expect(chosen.text.contains("The epoch was chosen on these same texts"))
    #expect(try bench.finished("tiny").evaluate().selection == chosen.selection)
    #expect(try bench.finished("tiny").evaluate(bench.url.appending(path: "train.tsv")).selection == nil)
    let heldOut = try bench.run(try bench.pipeline(set: [("task.hold_out", "0.3")]), into: "held-out")
    #expect(heldOut.selection == nil && heldOut.rows.count == chosen.rows.count)
  }

  @Test func aRunThatIsStoppedAtItsBaselinesGoesOn() throws {
    let bench = try Workbench()
    let stop = StopRequest()
    let error = #expect(throws: TrainingError.self) {
      try bench.run(try bench.pipeline(), into: "tiny", stop: stop) {
        if case .progress("baselines", _, _) = $0 { stop.stop(signal: 2) }
      }
    }
    #expect("\(try #require(error))".hasPrefix("baselines: stopped by signal 2"))
    #expect(try bench.run(try bench.pipeline(), into: "tiny", resumes: true).rows.count == 7)
  }

  @Test func thePageIsWellFormedAndNothingInItIsMarkup() throws {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(replacing: [("name: tiny", "name: \"a <b> & \\\"c\\\"\"")]), into: "tiny")
    let page = String(decoding: try bench.data("runs/tiny/report.html"), as: UTF8.self)
    #expect(page.contains("<h1>a &lt;b&gt; &amp; &quot;c&quot;</h1>") && !page.contains("<b>"))
    #expect(page.contains("color-scheme:light dark"))
    let start = try #require(page.range(of: "<svg")), end = try #require(page.range(of: "</svg>"))
    let drawing = try XMLDocument(xmlString: String(page[start.lowerBound..<end.upperBound]))
    // Every row but the one that reads nothing is a point.
    #expect(try drawing.nodes(forXPath: "//circle").count == 6)
    #expect(try drawing.nodes(forXPath: "//polyline").count == 7)
  }

  @Test func onlyRowsThatNoOtherSurpassesAreOnTheFront() throws {
    func row(_ name: String, _ score: Double, _ speed: Double?) -> String {
      """
      {"name": "\(name)", "scores": [{"metric": "accuracy", "value": \(score)}], "interval": {"low": 0, "high": 1}\
      \(speed.map { ", \"speed\": \($0)" } ?? "")}
      """
    }
    let rows = [
      row("slow and best", 0.9, 10), row("fast", 0.8, 100), row("surpassed", 0.8, 50), row("fastest", 0.7, 200),
      row("as fast and worse", 0.6, 200), row("reads nothing", 0.95, nil),
    ]
    let report = try JSONDecoder().decode(
      Report.self,
      from: Data(
        #"{"name": "", "version": "", "count": 1, "layers": [], "rows": [\#(rows.joined(separator: ","))]}"#.utf8))
    #expect(report.front.map(\.name) == ["fastest", "fast", "slow and best"])
  }
}
