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
  @Option(parsing: .upToNextOption, help: "What our sides calculate in. Default: all that this processor has.")
  var precisions = Precision.allCases.filter(\.isAvailable)
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
    let precisions =
      item.work == .tokenizer
      ? [.float32] : item.work == .inference ? precisions : precisions.filter(\.hasGradients)
    let ours = try precisions.map { precision in
      try Side(
        precision == .float32 ? "swift-distill" : "swift-distill, \(precision)",
        command: [CommandLine.arguments[0], "serve", item.work.rawValue, folder.path, "--precision", "\(precision)"],
        environment: environment)
    }
    var rivals: [Side] = []
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../peers/rival.py")
      .standardized
    for rival in item.rivals where self.rivals.isEmpty || self.rivals.contains(rival) {
      let side = try Side(
        rival,
        command: [python, script.path, item.work.rawValue, rival, "--folder", folder.path, "--threads", "\(threads)"],
        environment: environment)
      rivals.append(side)
      note("\(item.name): \(rival) warms up")
      try side.warmUp(warmUp)
    }
    for side in ours { try side.warmUp(warmUp) }
    let exact = precisions.firstIndex(of: .float32).map { ours[$0] }
    var limits: [Double] = []
    for round in 1...rounds {
      note("\(item.name): round \(round) of \(rounds)")
      if let exact { limits.append(MatrixProducts.rate(try exact.ask("limit").seconds[0])) }
      for side in ours + rivals {
        Thread.sleep(forTimeInterval: 0.3)  // until the threads of the one before have stopped waiting for work
        try side.takeTurn(item.stepsPerTurn)
      }
    }
    print(table(item, ours, rivals, exact, limits, try Workload.read(folder), warmUp))
  }

  private func table(
    _ item: Case, _ ours: [Side], _ rivals: [Side], _ exact: Side?, _ limits: [Double], _ workload: Workload,
    _ warmUp: Int
  ) -> String {
    let steps = warmUp..<warmUp + rounds * item.stepsPerTurn
    var lines = ["\n## \(item.name)\n"]
    let over = ours.map { ours.count == 1 ? "ratio (range) |" : "over \($0.name) |" }.joined(separator: " ")
    lines.append(
      "| | ms a batch (median) | \(item.work == .tokenizer ? "texts" : "tokens")/s | \(over) peak memory |")
    lines.append("|---|---|---|---|" + String(repeating: "---|", count: ours.count))
    for side in ours + rivals {
      let all = side.seconds.flatMap { $0 }
      let amount =
        item.work == .tokenizer
        ? workload.texts.count * steps.count : steps.flatMap(workload.lengths).reduce(0, +)
      let ratios = ours.map { our in
        if side === our { return "1" }
        let ratios = zip(side.seconds, our.seconds).map { $0.reduce(0, +) / $1.reduce(0, +) }
        return "\(fixed(median(ratios), 2)) (\(fixed(ratios.min() ?? .nan, 2))–\(fixed(ratios.max() ?? .nan, 2)))"
      }
      lines.append(
        "| \(side.name) | \(fixed(median(all) * 1000, 2)) | \(fixed(Double(amount) / all.reduce(0, +), 0)) | "
          + "\(ratios.joined(separator: " | ")) | \(side.peakMemory >> 20) MiB |")
    }
    if let exact, !limits.isEmpty {
      // Round by round, as the ratios are.
      let shares = zip(exact.seconds, limits).enumerated().compactMap { round, pair -> Double? in
        let first = warmUp + round * item.stepsPerTurn
        let operations = (first..<first + item.stepsPerTurn).compactMap {
          MatrixProducts.operations(item.work, lengths: workload.lengths(ofBatch: $0))
        }
        return operations.isEmpty ? nil : operations.reduce(0, +) / pair.0.reduce(0, +) / 1e9 / pair.1
      }
      if !shares.isEmpty {
        lines.append(
          "\nThe matrix products alone would take \(fixed(100 * median(shares), 0)) % of our time in Float32, at the "
            + "\(fixed(median(limits), 0)) GFLOP/s of a large product.")
      }
    }
    if withoutDropout {
      for side in ours + rivals {
        lines.append("losses, \(side.name): " + side.losses.prefix(10).map { fixed($0, 6) }.joined(separator: " "))
      }
    }
    return lines.joined(separator: "\n")
  }
}
