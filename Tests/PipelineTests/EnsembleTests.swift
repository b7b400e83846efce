import DistillBERT
import DistillCore
import DistillEnsembleTeacher
import DistillPipeline
import DistillRecordedTeacher
import DistillTraining
import Foundation
import TestSupport
import Testing

/// Teachers that are means of others.
struct EnsembleTests {
  /// Answers of three members and the weights that scipy found, by Scripts/fixtures/ensemble.py.
  private struct Fixture: Decodable {
    let logits: [[[Float]]]
    let labels: [String]
    let mean: [[Float]]
    let labelWeights: [Double]
    let several: [[String]]
    let multilabelWeights: [Double]
    let scores: [[Float]]
    let score: [Float]
    let scoreWeights: [Double]

    static func read() throws -> Fixture {
      let url = try #require(Bundle.module.url(forResource: "Fixtures/ensemble", withExtension: "json"))
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Fixture.self, from: Data(contentsOf: url))
    }

    /// Writes the members' answers, and returns the recipe of their mean.
    func ensemble(in folder: URL, _ line: (_ member: Int, _ row: Int) -> String, _ change: (inout Ensemble) -> Void)
      throws -> Ensemble
    {
      var ensemble = Ensemble()
      for member in logits.indices {
        let text = labels.indices.map { "{\"text\": \"\($0)\", \(line(member, $0))}\n" }.joined()
        let file = folder.appending(path: "\(member).jsonl")
        try Data(text.utf8).write(to: file)
        var recorded = Recorded()
        recorded.file = OptionPath(file.path)
        ensemble.of.append(EnsembleMember(recorded))
      }
      change(&ensemble)
      return ensemble
    }

    func teacher(_ ensemble: Ensemble, _ task: TaskKind, _ targets: [Target]) throws -> any Teacher {
      let data = EncodedDataset(
        sequences: targets.map { _ in TokenSequence(ids: [], typeIDs: []) }, targets: targets,
        texts: targets.indices.map { PlainText("\($0)") })
      let layout = RowLayout(.tsv, text: "text", target: "label")
      let definition = try TaskDefinition.generic(layout, labels: task.labels, isMultilabel: task.isMultilabel)
      return try ensemble.makeTeacher(
        in: PipelineContext(task: task, maximumLength: 8, key: RandomKey(1)),
        Preparation(trainer: NoTraining()) { _ in
          TaskData(task: definition, training: data, validation: nil, heldOut: data)
        })
    }

    func batch() -> TokenBatch {
      TokenBatch(
        labels.map { _ in TokenSequence(ids: [], typeIDs: []) }, examples: Array(labels.indices),
        texts: labels.indices.map { PlainText("\($0)") })
    }
  }

  private struct Written: Decodable { let weights: [Double] }

  private func weights(_ teacher: any Teacher) throws -> [Double] {
    try TemporaryFolder.with { folder in
      try teacher.write(to: folder)
      return try JSONDecoder().decode(Written.self, from: Data(contentsOf: folder.appending(path: "ensemble.json")))
        .weights
    }
  }

  @Test func meansAreThoseOfScipy() throws {
    let fixture = try Fixture.read()
    let task = TaskKind.classification(labels: Workbench.labels)
    let targets = fixture.labels.map { Target.label(Workbench.labels.firstIndex(of: $0) ?? 0) }
    func logits(_ member: Int, _ row: Int) -> String { "\"logits\": \(fixture.logits[member][row])" }
    try TemporaryFolder.with { folder in
      let teacher = try fixture.teacher(fixture.ensemble(in: folder, logits) { _ in }, task, targets)
      let answer = try teacher.respond(to: fixture.batch(), with: [.logits])[.logits]
      let p = softmax(answer).values
      // Float32 and its exp.
      #expect(zip(p, fixture.mean.joined()).allSatisfy { abs($0 - $1) < 1e-6 })
      // At a temperature, it is the mean that is softened: ln p itself is the logit.
      #expect(zip(answer.values, p).allSatisfy { abs($0 - log($1)) < 1e-5 })

      let geometric = try fixture.teacher(
        fixture.ensemble(in: folder, logits) {
          $0.average = .logits
          $0.weights = .given([2, 1, 1])
        }, task, targets)
      let mean = try geometric.respond(to: fixture.batch(), with: [.logits])[.logits].values
      let wanted = fixture.labels.indices.flatMap { row in
        (0..<3).map { label in
          zip([0.5, 0.25, 0.25] as [Float], fixture.logits).reduce(Float(0)) { $0 + $1.0 * $1.1[row][label] }
        }
      }
      #expect(zip(mean, wanted).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  /// The weights with the smallest loss, for each kind of task. The loss is flat at its minimum, so that scipy and we agree in fewer
  /// digits of the weights than of the loss.
  @Test func fittedWeightsAreThoseOfScipy() throws {
    let fixture = try Fixture.read()
    let names = Workbench.labels
    func logits(_ member: Int, _ row: Int) -> String { "\"logits\": \(fixture.logits[member][row])" }
    try TemporaryFolder.with { folder in
      let labels = try fixture.teacher(
        fixture.ensemble(in: folder, logits) { $0.weights = .fitted }, .classification(labels: names),
        fixture.labels.map { .label(names.firstIndex(of: $0) ?? 0) })
      let several = try fixture.teacher(
        fixture.ensemble(in: folder, logits) { $0.weights = .fitted }, .multilabel(labels: names),
        fixture.several.map { .labels($0.compactMap(names.firstIndex)) })
      let scores = try fixture.teacher(
        fixture.ensemble(in: folder, { "\"score\": \(fixture.scores[$0][$1])" }) { $0.weights = .fitted }, .regression,
        fixture.score.map { .score($0) })
      for (teacher, wanted) in [
        (labels, fixture.labelWeights), (several, fixture.multilabelWeights), (scores, fixture.scoreWeights),
      ] {
        let found = try weights(teacher)
        #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 3e-4 }, "\(found) \(wanted)")
        #expect(abs(found.reduce(0, +) - 1) < 1e-12)
      }
      #expect(labels.summary?.contains("fitted to 48 held-out texts") == true)
    }
  }

  /// The inner products of the joint embeddings are the weighted means of the members' cosines.
  @Test func relationsAreMeans() throws {
    let fixture = try Fixture.read()
    let task = TaskKind.classification(labels: Workbench.labels)
    let widths = [2, 5]
    func embedding(_ member: Int, _ row: Int) -> [Float] {
      (0..<widths[member]).map { RandomKey(UInt64(member)).child(row).normal(UInt64($0)) }
    }
    try TemporaryFolder.with { folder in
      let recipe = try fixture.ensemble(
        in: folder,
        { member, row in
          "\"label\": \"\(fixture.labels[row])\"" + (member < 2 ? ", \"embedding\": \(embedding(member, row))" : "")
        }
      ) { $0.weights = .given([0.2, 0.3, 0.5]) }
      let teacher = try fixture.teacher(recipe, task, [.label(0)])
      #expect(teacher.card.embeddingWidth == 7)
      let joint = Matrix(try teacher.respond(to: fixture.batch(), with: [.embedding])[.embedding])
      func cosine(_ x: [Float], _ y: [Float]) -> Float {
        func dot(_ x: [Float], _ y: [Float]) -> Float { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
        return dot(x, y) / (dot(x, x) * dot(y, y)).squareRoot()
      }
      for (one, other) in [(0, 1), (3, 3), (7, 40)] {
        let product = zip(joint.row(one), joint.row(other)).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        // The third member has no embedding; the others count 0.4 and 0.6.
        let mean =
          0.4 * cosine(embedding(0, one), embedding(0, other)) + 0.6 * cosine(embedding(1, one), embedding(1, other))
        #expect(abs(product - mean) < 1e-6)
      }
    }
  }

  /// Members of other widths and vocabularies, each prepared once, for whichever run needs it.
  @Test func aRunOfAnEnsemble() throws {
    let bench = try Workbench()
    try bench.writeBERT("other", layers: 1, width: 8, vocabulary: Array(Workbench.vocabulary.reversed()), seed: 5)
    let other = "{use: bert, checkpoint: other, fine_tune: {epochs: 3, batch_size: 8, learning_rate: 0.003, seed: 3}}"
    let losses = "[{use: soft-cross-entropy}, {use: relational-kl, weight: 0.1}]"
    let ensemble = "{use: ensemble, of: [\(Workbench.fineTuned), \(other)], weights: fitted}"
    let head = "{use: supervised-contrastive-head, fit: {epochs: 1}, base: \(ensemble)}"
    let task = ", hold_out: 0.4"
    // One member alone.
    try bench.run(try bench.pipeline(Workbench.pipeline(teacher: Workbench.fineTuned, task: task)), into: "alone")
    var notes: [String] = []
    var phases: [String] = []
    func observe(_ event: TrainingEvent) {
      if case .note(let note) = event { notes.append(note) }
      if case .epoch(let record) = event, phases.last != record.phase { phases.append(record.phase) }
    }
    let pipeline = try bench.pipeline(
      Workbench.pipeline(teacher: head, task: task, losses: losses), replacing: [("space: student", "space: teacher")])
    let report = try bench.run(pipeline, into: "tiny", observe: observe)
    #expect(notes.count { $0.contains("prepared before by the same settings") } == 1)
    #expect(phases == ["teacher: fine-tuning, member 2", "teacher: contrastive head", "student"])
    #expect(report.rows[0].name == "teacher")
    #expect(report.remarks?.first?.contains("weights that were fitted to") == true, "\(report.remarks ?? [])")
    // Of 24 texts that are held out, half choose the epoch, a quarter the weights, and a quarter K, β and τ.
    #expect(report.remarks?.first?.contains("fitted to 6 held-out texts") == true, "\(report.remarks ?? [])")
    #expect(
      try bench.data("runs/alone/teacher/model.safetensors")
        == bench.data("runs/tiny/teacher/member-1/model.safetensors"))
    #expect(!bench.exists("runs/tiny/checkpoints"))

    // A run of the second member alone finds it, with the curves of its training.
    notes = []
    phases = []
    let student = (old: "checkpoint: teacher, layers: [2]", new: "checkpoint: other")
    try bench.run(
      try bench.pipeline(Workbench.pipeline(teacher: other, task: task), replacing: [student]), into: "second",
      observe: observe)
    #expect(notes.count { $0.contains("prepared before by the same settings") } == 1 && phases == ["student"])
    let curves = String(decoding: try bench.data("runs/second/teacher/curves.json"), as: UTF8.self)
    #expect(curves.contains("\"teacher: fine-tuning\""), "\(curves.prefix(300))")

    // Nobody would know from the weights that it was trained as a part.
    try FileManager.default.removeItem(at: bench.url.appending(path: "runs/prepared-teachers"))
    try bench.run(
      try bench.pipeline(Workbench.pipeline(teacher: other, task: task), replacing: [student]), into: "again")
    #expect(
      try bench.data("runs/again/teacher/model.safetensors")
        == bench.data("runs/tiny/teacher/member-2/model.safetensors"))

    // The mean of the members' rows is the teacher's row.
    let rows = try bench.rows("validation.tsv").map { Example(text: $0.text, line: 1) }
    func ask(_ run: String) throws -> Matrix {
      let teacher = try #require(try bench.finished(run).teacher())
      return Matrix(
        softmax(
          try answers(
            of: teacher, to: EncodedDataset(rows, with: teacher.tokenizer, maximumLength: 16), with: [.logits])[
              .logits]))
    }
    let shares = try JSONDecoder().decode(Written.self, from: bench.data("runs/tiny/teacher/ensemble.json")).weights
    let (one, two, both) = (try ask("alone"), try ask("second"), try ask("tiny"))
    #expect(
      both.values.indices.allSatisfy {
        abs(both.values[$0] - Float(shares[0]) * one.values[$0] - Float(shares[1]) * two.values[$0]) < 1e-6
      })
    #expect(try RunPlan(pipeline, steps: 2).teacherParameters == report.rows[0].parameters)
  }

  /// A run that is stopped while its second member learns goes on to the same bytes.
  @Test func resuming() throws {
    let bench = try Workbench()
    let second = Workbench.fineTuned.replacing("epochs: 4", with: "epochs: 4, seed: 7")
    let text = Workbench.pipeline(teacher: "{use: ensemble, of: [\(Workbench.fineTuned), \(second)], average: logits}")
    try bench.run(try bench.pipeline(text), into: "whole")
    try FileManager.default.removeItem(at: bench.url.appending(path: "runs/prepared-teachers"))
    let stop = StopRequest()
    #expect(throws: TrainingError.self) {
      try bench.run(try bench.pipeline(text), into: "stopped", stop: stop) {
        if case .epoch(let record) = $0, record.phase.hasSuffix("member 2"), record.epoch == 2 { stop.stop(signal: 15) }
      }
    }
    try FileManager.default.removeItem(at: bench.url.appending(path: "runs/prepared-teachers"))
    var phases: Set<String> = []
    try bench.run(try bench.pipeline(text), into: "stopped", resumes: true) {
      if case .step(let record) = $0 { phases.insert(record.phase) }
    }
    #expect(phases == ["teacher: fine-tuning, member 2", "student"])
    #expect(try bench.student("whole") == bench.student("stopped"))
    #expect(
      try bench.data("runs/whole/teacher/member-2/model.safetensors")
        == bench.data("runs/stopped/teacher/member-2/model.safetensors"))
    #expect(
      try bench.data("runs/whole/teacher/member-1/model.safetensors")
        != bench.data("runs/whole/teacher/member-2/model.safetensors"))
  }

  /// Texts that one member cannot answer are left out for all, those that weights are fitted to as well.
  @Test func aMemberThatIsAFile() throws {
    let bench = try Workbench()
    let rows = try bench.rows("train.tsv")
    try bench.write(
      rows.prefix(50).map { "{\"text\": \"\($0.text)\", \"label\": \"\($0.intent)\", \"confidence\": 0.7}\n" }.joined(),
      to: "answers.jsonl")
    let text = Workbench.pipeline(
      teacher:
        "{use: ensemble, of: [\(Workbench.fineTuned), {use: recorded, file: answers.jsonl, missing: skip}], weights: fitted}",
      task: ", hold_out: 0.3")
    let report = try bench.run(try bench.pipeline(text), into: "tiny")
    let known = Set(rows.prefix(50).map(\.text))
    let missing = rows.filter { !known.contains($0.text) }.count
    #expect(missing > 5)
    let entries = try bench.finished("tiny").knowledgeLog().snapshot().entries
    #expect(entries.count == rows.count - missing && entries.allSatisfy { known.contains($0.text ?? "") })
    let remarks = try #require(report.remarks)
    #expect(remarks[0].contains(" bert, ") && remarks[0].contains("file of answers, weights that were fitted to"))
    #expect(remarks[1].contains("texts to learn from: train.tsv:") && remarks[1].hasSuffix("; they were left out"))
    #expect(remarks.last == "the teacher has no row: it has no answer to 24 of these 24 texts")
    let error = #expect(throws: Diagnostics.self) { try bench.pipeline(text.replacing(", missing: skip", with: "")) }
    #expect(try #require(error).list.map(\.message).allSatisfy { $0.contains("has no answer to") })
  }

  @Test func mistakes() throws {
    let bench = try Workbench()
    func text(_ ensemble: String) -> String { Workbench.pipeline(teacher: "{use: ensemble, \(ensemble)}") }
    let two = "of: [\(Workbench.fineTuned), \(Workbench.fineTuned)]"
    for (ensemble, message) in [
      ("of: [\(Workbench.fineTuned)]", "an ensemble has two members at least"),
      ("\(two), weights: [1, 2, 3]", "has 3 numbers for 2 members"),
      ("\(two), weights: [1, -1]", "weights are not negative"),
      ("\(two), weights: best", "expected `uniform` or `fitted` or a list of numbers"),
      ("\(two), weights: fitted", "needs examples that nothing was trained on"),
      ("of: [\(Workbench.fineTuned), {use: bert, checkpoint: nowhere}]", "nowhere: there is no such folder"),
      ("of: [\(Workbench.fineTuned), {use: bert}]", "missing key `checkpoint`"),
      ("of: [\(Workbench.fineTuned), {use: bert, checkpoint: teacher}]", "weights that nothing has trained"),
    ] {
      let error = #expect(throws: Diagnostics.self) { try bench.pipeline(text(ensemble)) }
      let list = try #require(error).list
      #expect(list.count == 1 && list[0].message.contains(message), "\(list.map(\.message))")
      #expect(list[0].range.line == 4)
    }
    let logits = #expect(throws: Diagnostics.self) {
      try bench.pipeline(
        Workbench.pipeline(
          teacher: "{use: ensemble, \(two), weights: fitted, average: logits}", task: ", hold_out: 0.2"))
    }
    #expect(try #require(logits).list.map(\.message) == ["are fitted to the mean of probabilities"])
    let layers = #expect(throws: Diagnostics.self) {
      try bench.pipeline(text(two), replacing: [("{use: soft-cross-entropy}", "{use: cls-cosine}")])
    }
    #expect(
      try #require(layers).list.map(\.message) == [
        "class-token:1 does not exist: the teacher, a mean of teachers, has logits, embedding"
      ])
  }
}
