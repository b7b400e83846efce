import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import Testing

/// What lies beside a run, or is damaged, or is exchanged while it goes, changes nothing in silence.
struct TrustTests {
  private static let short: [(path: String, value: String)] = [
    ("training.epochs", "1"), ("teacher.base.fine_tune.epochs", "1"),
  ]

  private func flip(_ file: URL, at place: Int? = nil) throws {
    var bytes = try Data(contentsOf: file)
    bytes[place ?? bytes.count - 9] ^= 4
    try bytes.write(to: file)
  }

  private func entries(_ bench: Workbench, _ folder: String) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: bench.url.appending(path: "runs/\(folder)"), includingPropertiesForKeys: nil
    )
    .filter { !$0.lastPathComponent.hasPrefix(".") }
  }

  /// Two runs whose teachers are the same but for what stands for a sequence.
  @Test func aRunBesideAnotherIsTheRunAlone() throws {
    let mean = Self.short + [("teacher.base.readout", "mean")]
    let (alone, beside) = (try Workbench(), try Workbench())
    try alone.run(try alone.pipeline(set: mean), into: "mean")
    try beside.run(try beside.pipeline(set: Self.short), into: "pooler")
    try beside.run(try beside.pipeline(set: mean), into: "mean")
    #expect(try beside.student("mean") == alone.student("mean"))
    #expect(try beside.student("mean") != beside.student("pooler"))
    #expect(try entries(beside, "teacher-answers").count == 2)
  }

  @Test func runsOfDifferentNumbersOfThreadsAreTheSame() throws {
    let students = try [1, 2, 5].map { threads in
      let bench = try Workbench()
      let pipeline = try bench.pipeline(set: Self.short + [("training.micro_batch_size", "3")])
      let report = try Compute.$threads.withValue(threads) {
        try PipelineRun(pipeline, output: bench.url.appending(path: "runs/tiny")).run()
      }
      let knowledge = try bench.data("runs/tiny/knowledge-base/segments/000001-make/keys.safetensors")
      return [try bench.student("tiny"), knowledge, Data("\(report.rows.map(\.scores))".utf8)]
    }
    #expect(students[0] == students[1] && students[0] == students[2])
  }

  @Test(arguments: ["prepared-teachers", "teacher-answers"]) func aDamagedSharedEntryIsMadeAgain(folder: String) throws
  {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(set: Self.short), into: "first")
    let entry = try #require(try entries(bench, folder).first)
    try flip(folder == "teacher-answers" ? entry : entry.appending(path: "model.safetensors"))
    var notes: [String] = []
    try bench.run(try bench.pipeline(set: Self.short), into: "second") {
      if case .note(let note) = $0 { notes.append(note) }
    }
    #expect(notes.contains { $0.contains("damaged") && $0.contains("made again") }, "\(notes)")
    #expect(try bench.student("second") == bench.student("first"))
    let names = try entries(bench, folder).map(\.lastPathComponent).sorted()
    #expect(names == [entry.lastPathComponent, entry.lastPathComponent + ".damaged"])
  }

  @Test func damageInARunFolderIsNoticed() throws {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(set: Self.short), into: "tiny")
    let folder = bench.url.appending(path: "runs/tiny")
    let files =
      ["run.json", "pipeline.yaml"]
      + (["student", "knowledge-base"].flatMap { part in
        FileSystem.files(below: folder.appending(path: part)).map { String($0.path.dropFirst(folder.path.count + 1)) }
      })
    for name in files {
      let file = folder.appending(path: name)
      let whole = try Data(contentsOf: file)
      if whole.isEmpty { continue }  // the checksums of an index that needs no file
      // Of these two, what the clock says and where the run lies may change.
      let counts = ["run.json": "\"beta\" : 0.", "pipeline.yaml": "neighbours: "][name].map {
        whole.firstRange(of: Data($0.utf8))?.upperBound ?? 0
      }
      for place in counts.map({ [$0] }) ?? [whole.count / 3, whole.count / 2, whole.count - 2] {
        try flip(file, at: place)
        #expect(throws: (any Error).self, "\(name) at \(place)") { try bench.finished("tiny") }
        try whole.write(to: file)
      }
    }
    _ = try bench.finished("tiny")
    try flip(folder.appending(path: "teacher/model.safetensors"))
    #expect(throws: FormatError.self) { try bench.finished("tiny").teacher() }
  }

  @Test func weightsExchangedBetweenAStopAndResumeAreNoticed() throws {
    let bench = try Workbench()
    let stop = StopRequest()
    #expect(throws: TrainingError.self) {
      try bench.run(try bench.pipeline(set: Self.short), into: "tiny", stop: stop) {
        if case .step = $0 { stop.stop(signal: 15) }
      }
    }
    try bench.writeBERT("teacher", seed: 12)
    let error = #expect(throws: RunError.self) {
      try bench.run(try bench.pipeline(set: Self.short), into: "tiny", resumes: true)
    }
    #expect("\(try #require(error))".contains("the contents of teacher.base.checkpoint/model.safetensors changed"))
  }

  @Test func aFolderIsUsedByOneProcessAtATime() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(set: Self.short)
    let first = try PipelineRun(pipeline, output: bench.url.appending(path: "runs/tiny"))
    let error = #expect(throws: FolderInUse.self) { try bench.run(pipeline, into: "tiny") }
    #expect("\(try #require(error))".contains("process \(ProcessInfo.processInfo.processIdentifier)"))
    _ = try Compute.$threads.withValue(1) { try first.run() }
    #expect(try bench.finished("tiny").record.isComplete)
  }

  @Test func sharedFoldersMayVanish() throws {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(set: Self.short), into: "first")
    try bench.run(try bench.pipeline(set: Self.short + [("training.seed", "42")]), into: "second") { _ in
      for folder in ["prepared-teachers", "teacher-answers"] {
        try? FileManager.default.removeItem(atPath: bench.path("runs/\(folder)"))
      }
    }
    #expect(try bench.student("second") == bench.student("first"))
  }

  /// What a run leaves that is killed at its very beginning, or just before its end.
  @Test func litterIsClearedAway() throws {
    let bench = try Workbench()
    try FileSystem.makeFolder(bench.url.appending(path: "runs/tiny"))
    try bench.write("{", to: "runs/tiny/.run.json.0123456789abcdef.tmp")
    try bench.run(try bench.pipeline(set: Self.short), into: "tiny")
    #expect(!bench.exists("runs/tiny/.run.json.0123456789abcdef.tmp"))
    try FileSystem.makeFolder(bench.url.appending(path: "runs/tiny/checkpoints"))
    #expect(throws: RunError.self) { try bench.run(try bench.pipeline(set: Self.short), into: "tiny", resumes: true) }
    #expect(!bench.exists("runs/tiny/checkpoints"))
  }

  /// Whatever the precision of the caller is.
  @Test(.enabled(if: Precision.bfloat16.isAvailable)) func aRunAnswersInItsOwnPrecision() throws {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(set: Self.short + [("precision", "bfloat16")]), into: "tiny")
    let finished = try bench.finished("tiny")
    let batch = TokenBatch([finished.student.tokenizer.encode("stop please", pair: nil, maxLength: 16)], examples: [0])
    func logits(_ encoder: any TextEncoder, _ precision: Precision) throws -> [Float] {
      try Compute.$precision.withValue(precision) {
        try encoder.respond(to: batch, with: [.logits])[.logits].values
      }
    }
    let exact = try FinishedRun(bench.url.appending(path: "runs/tiny"), registry: registry(), precision: .float32)
    let teacher = try #require(try finished.teacher())
    #expect(try logits(finished.student, .float32) == logits(finished.student, .bfloat16))
    #expect(try logits(finished.student, .float32) != logits(exact.student, .bfloat16))
    #expect(try logits(teacher, .float32) == logits(teacher, .bfloat16))
  }

  /// A run of the version before checksums answers still.
  @Test func anOlderRunAnswers() throws {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(set: Self.short), into: "tiny")
    let example = [Example(text: "stop please", line: 1)]
    let answer = try bench.finished("tiny").predict(example)[0].scores
    // Its knowledge base could not be changed: one file, and the index beside it.
    let (augmentation, folder) = (
      try bench.finished("tiny").augmentation, bench.url.appending(path: "runs/tiny/knowledge-base")
    )
    try FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try #require(augmentation).knowledge.writeAsOneFile(to: folder)
    try #require(augmentation).retriever.write(to: folder)
    for part in ["student", "teacher"] {
      try FileManager.default.removeItem(atPath: bench.path("runs/tiny/\(part)/SHA256SUMS"))
    }
    #expect(throws: FormatError.self) { try bench.finished("tiny") }
    try bench.write(
      """
      {"fingerprint": "ab", "format": 1, "instruction_set": "avx512", "is_complete": true, "layer_map": [[1, 2]],
       "mixing": {"beta": 0.5, "neighbours": 4, "temperature": 0.1}, "name": "tiny", "seconds": {}, "seed": 42, "threads": 2}
      """, to: "runs/tiny/run.json")
    #expect(try bench.finished("tiny").predict(example)[0].scores == answer)
    #expect(throws: ContractError.self) { try bench.finished("tiny").knowledgeLog() }
  }
}
