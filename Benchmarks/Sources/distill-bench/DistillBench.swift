import ArgumentParser
import DistillCore
import Foundation

@main
struct DistillBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill-bench",
    abstract: "Measures swift-distill beside its rivals: the same batches, weights and threads, taken in turn.",
    discussion: """
      Every side is a process of its own and waits while another has its turn. A ratio is
      the rival's seconds over ours in one round; the table gives the median of the rounds
      and their range. The machine should have nothing else to do.
      """,
    subcommands: [Compare.self, Serve.self], defaultSubcommand: Compare.self)
}

struct Compare: ParsableCommand {
  @Argument(help: "Cases; all without any: \(Case.all.map(\.name).joined(separator: ", ")).")
  var cases: [String] = []

  @Option(help: "Folder of all-MiniLM-L6-v2.")
  var model = "../models/all-MiniLM-L6-v2"
  @Option(help: "Folder of GLUE's MRPC and SST-2.")
  var glue = "../data/glue"
  @Option(help: "The Python that has the rivals (peers/README.md).")
  var python = "python3"
  @Option(help: "Rounds; each side has one turn in each.")
  var rounds = 7
  @Option(help: "Threads of every side.")
  var threads = 2
  @Option(parsing: .upToNextOption, help: "Only these rivals.")
  var rivals: [String] = []
  @Option(help: "Leave batches and weights in this folder, for a profiler: distill-bench serve WORK FOLDER/CASE.")
  var keep: String?
  @Flag(help: "No dropout on either side, so that losses can be compared: they are printed.")
  var withoutDropout = false

  func validate() throws {
    for name in cases where !Case.all.contains(where: { $0.name == name }) {
      throw ValidationError("there is no case \(name); there are \(Case.all.map(\.name).joined(separator: ", "))")
    }
  }

  func run() throws {
    for item in Case.all where cases.isEmpty || cases.contains(item.name) { try run(item) }
  }

  private func run(_ item: Case) throws {
    let kept = keep.map { URL(filePath: $0).appending(path: item.name) }
    let folder = kept ?? FileManager.default.temporaryDirectory.appending(path: "distill-bench-\(UUID().uuidString)")
    defer { if kept == nil { try? FileManager.default.removeItem(at: folder) } }
    let warmUp = item.stepsPerTurn
    try Workload.prepare(
      item, in: folder, model: URL(filePath: model), glue: URL(filePath: glue), dropout: !withoutDropout,
      batches: min(100, warmUp + rounds * item.stepsPerTurn))
    let environment = ["DISTILL_THREADS": "\(threads)", "OMP_NUM_THREADS": "\(threads)"]
    let ours = try Side(
      "swift-distill", command: [CommandLine.arguments[0], "serve", item.work.rawValue, folder.path],
      environment: environment)
    var sides = [ours]
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../peers/rival.py")
      .standardized
    for rival in item.rivals where rivals.isEmpty || rivals.contains(rival) {
      let side = try Side(
        rival,
        command: [python, script.path, item.work.rawValue, rival, "--folder", folder.path, "--threads", "\(threads)"],
        environment: environment)
      sides.append(side)
      note("\(item.name): \(rival) warms up")
      try side.warmUp(warmUp)
    }
    try ours.warmUp(warmUp)
    var limits: [Double] = []
    for round in 1...rounds {
      note("\(item.name): round \(round) of \(rounds)")
      limits.append(try ours.ask("limit").seconds[0])
      for side in sides {
        Thread.sleep(forTimeInterval: 0.3)  // until the threads of the one before have stopped waiting for work
        try side.takeTurn(item.stepsPerTurn)
      }
    }
    print(try table(item, sides, limit: MatrixProducts.rate(median(limits)), Workload.read(folder), warmUp))
  }

  private func table(_ item: Case, _ sides: [Side], limit: Double, _ workload: Workload, _ warmUp: Int) throws -> String
  {
    func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    let steps = warmUp..<warmUp + rounds * item.stepsPerTurn
    var lines = ["\n## \(item.name)\n"]
    lines.append(
      "| | ms a batch (median) | \(item.work == .tokenizer ? "texts" : "tokens")/s | ratio (range) | peak memory |")
    lines.append("|---|---|---|---|---|")
    let ours = sides[0].seconds.map { $0.reduce(0, +) }
    for side in sides {
      let all = side.seconds.flatMap { $0 }
      let amount =
        item.work == .tokenizer
        ? workload.texts.count * steps.count : steps.reduce(0) { $0 + workload.tokens(ofBatch: $1) }
      let ratios = zip(side.seconds, ours).map { $0.reduce(0, +) / $1 }
      let ratio = "\(fixed(median(ratios), 2)) (\(fixed(ratios.min() ?? .nan, 2))–\(fixed(ratios.max() ?? .nan, 2)))"
      lines.append(
        "| \(side.name) | \(fixed(median(all) * 1000, 2)) | \(fixed(Double(amount) / all.reduce(0, +), 0)) | "
          + "\(side === sides[0] ? "1" : ratio) | \(side.peakMemory >> 20) MiB |")
    }
    let operations = steps.compactMap { step in
      workload.batches.isEmpty
        ? nil
        : MatrixProducts.operations(
          item.work, lengths: workload.batches[step % workload.batches.count].ids.map(\.count))
    }.reduce(0, +)
    if operations > 0 {
      let seconds = ours.reduce(0, +)
      lines.append(
        "\nMatrix products: \(fixed(operations / Double(steps.count) / 1e9, 1)) GFLOP a batch, limit \(fixed(limit, 0)) "
          + "GFLOP/s; our share of the limit is \(fixed(100 * operations / seconds / 1e9 / limit, 0)) %.")
    }
    if withoutDropout {
      for side in sides {
        lines.append("losses, \(side.name): " + side.losses.prefix(10).map { fixed($0, 6) }.joined(separator: " "))
      }
    }
    return lines.joined(separator: "\n")
  }

  private func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}

/// Our side's process.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(shouldDisplay: false)
  @Argument var work: String
  @Argument var folder: String

  func run() throws {
    guard let work = Case.Work(rawValue: work) else { throw ValidationError("no such work: \(work)") }
    try Ours(work, folder: URL(filePath: folder)).serve()
  }
}
