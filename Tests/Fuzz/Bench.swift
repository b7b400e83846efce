import DistillCore
import DistillPipeline
import DistillTraining
import Foundation

/// A worker's own copy of the corpus, in which one file at a time is a mutant.
struct Bench {
  let corpus: Corpus
  let url: URL
  let registry: PluginRegistry

  init(_ corpus: Corpus, _ url: URL, registry: PluginRegistry) throws {
    (self.corpus, self.url, self.registry) = (corpus, url, registry)
    try? FileManager.default.removeItem(at: url)
    try FileManager.default.copyItem(at: corpus.url, to: url)
  }

  func members(_ paths: [String]) throws -> [Member] { try paths.map { Member(path: $0, bytes: try corpus.bytes($0)) } }

  func members(_ folder: String, _ isWanted: (String) -> Bool = { _ in true }) throws -> [Member] {
    try members(corpus.files(folder, where: isWanted))
  }

  private func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: url.appending(path: path)) }

  /// Has a mutant lie in place of a file while `body` goes.
  func trying(_ member: Member, _ bytes: [UInt8], _ body: (URL) throws -> Void) throws {
    try write(bytes, member.path)
    defer { try? write(member.bytes, member.path) }
    try body(url.appending(path: member.path))
  }

  /// The same for a file in a folder that `body` may change.
  func trying(_ member: Member, _ bytes: [UInt8], renewing folders: [String], _ body: () throws -> Void) throws {
    for folder in folders {
      try? FileManager.default.removeItem(at: url.appending(path: folder))
      try FileManager.default.copyItem(at: corpus.url.appending(path: folder), to: url.appending(path: folder))
    }
    try write(bytes, member.path)
    try body()
  }

  /// Goes through a pipeline until its first step after `phase` began, or its refusal.
  func run(_ pipeline: Pipeline, _ output: String, resumes: Bool, untilPhase wanted: String) throws {
    let stop = StopRequest()
    let run = try PipelineRun(pipeline, output: url.appending(path: output), resumes: resumes, stop: stop) { event in
      if case .began(wanted, _, _, _) = event { stop.stop(signal: 15) }
    }
    do { _ = try run.run() } catch TrainingError.stopped {}
  }
}
