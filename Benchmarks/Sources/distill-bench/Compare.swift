import ArgumentParser
import DistillCore
import Foundation

struct Compare: ParsableCommand {
  @Argument(help: "Cases; all without any: \(Case.all.map(\.name).joined(separator: ", ")).")
  var cases: [String] = []

  @Option(help: "Folder of all-MiniLM-L6-v2.")
  var model = "../models/all-MiniLM-L6-v2"
  @Option(help: "Folder of GLUE's MRPC and SST-2.")
  var glue = "../data/glue"
  @Option(help: "The Python that has the rivals (README.md).")
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
    let environment = [
      "DISTILL_THREADS": "\(threads)", "OMP_NUM_THREADS": "\(threads)", "TOKENIZERS_PARALLELISM": "false",
    ]
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
      limits.append(MatrixProducts.rate(try ours.ask("limit").seconds[0]))
      for side in sides {
        Thread.sleep(forTimeInterval: 0.3)  // until the threads of the one before have stopped waiting for work
        try side.takeTurn(item.stepsPerTurn)
      }
    }
    print(table(item, sides, limits, try Workload.read(folder), warmUp))
  }

  private func table(_ item: Case, _ sides: [Side], _ limits: [Double], _ workload: Workload, _ warmUp: Int) -> String {
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
        ? workload.texts.count * steps.count : steps.flatMap(workload.lengths).reduce(0, +)
      let ratios = zip(side.seconds, ours).map { $0.reduce(0, +) / $1 }
      let ratio = "\(fixed(median(ratios), 2)) (\(fixed(ratios.min() ?? .nan, 2))–\(fixed(ratios.max() ?? .nan, 2)))"
      lines.append(
        "| \(side.name) | \(fixed(median(all) * 1000, 2)) | \(fixed(Double(amount) / all.reduce(0, +), 0)) | "
          + "\(side === sides[0] ? "1" : ratio) | \(side.peakMemory >> 20) MiB |")
    }
    // Round by round, as the ratios are.
    let shares = zip(ours, limits).enumerated().compactMap { round, pair -> Double? in
      let first = warmUp + round * item.stepsPerTurn
      let operations = (first..<first + item.stepsPerTurn).compactMap {
        MatrixProducts.operations(item.work, lengths: workload.lengths(ofBatch: $0))
      }
      return operations.isEmpty ? nil : operations.reduce(0, +) / pair.0 / 1e9 / pair.1
    }
    if !shares.isEmpty {
      lines.append(
        "\nThe matrix products alone would take \(fixed(100 * median(shares), 0)) % of our time, at the "
          + "\(fixed(median(limits), 0)) GFLOP/s of a large product.")
    }
    if withoutDropout {
      for side in sides {
        lines.append("losses, \(side.name): " + side.losses.prefix(10).map { fixed($0, 6) }.joined(separator: " "))
      }
    }
    return lines.joined(separator: "\n")
  }
}
