import ArgumentParser
import DistillCore
import DistillHNSW
import Foundation

/// How time and memory grow with what a user may choose.
struct Growth: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time and memory of a ReAugKD step, and of a knowledge base, against size: tables and charts.")

  @Option(help: "Folder of all-MiniLM-L6-v2.")
  var model = "../models/all-MiniLM-L6-v2"
  @Option(help: "Batches that count, after two that do not.")
  var steps = 5

  private struct Point {
    let size: Int
    let milliseconds: Double
    let mebibytes: Int
  }

  func run() throws {
    try print("tokens of a sequence", [16, 32, 64, 128, 256, 512]) { length, item in
      (item.length, item.batchSize) = (length, 8)
    }
    try print("sequences of a batch", [2, 8, 32, 128]) { size, item in (item.length, item.batchSize) = (64, size) }
    try print("layers of the student", [1, 2, 3, 4, 5, 6]) { count, item in
      (item.length, item.studentLayers) = (64, Array(1...count))
    }
    try print("threads", [1, 2], threads: { $0 }) { _, item in item.length = 64 }
    knowledgeBases()
  }

  private func print(
    _ axis: String, _ sizes: [Int], threads: (Int) -> Int = { _ in 2 }, _ change: (Int, inout Case) -> Void
  ) throws {
    let points = try sizes.map { size in
      var item = Case(name: axis, work: .reaugkd, lengths: .fixed, rivals: [])
      change(size, &item)
      note("\(axis): \(size)")
      let folder = FileManager.default.temporaryDirectory.appending(path: "distill-bench-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      try Workload.prepare(
        item, in: folder, model: URL(filePath: model), glue: folder, dropout: true, batches: 2 + steps)
      let side = try Side(
        axis, command: [CommandLine.arguments[0], "serve", item.work.rawValue, folder.path],
        environment: ["DISTILL_THREADS": "\(threads(size))"])
      try side.warmUp(2)
      try side.takeTurn(steps)
      return Point(size: size, milliseconds: median(side.seconds[0]) * 1000, mebibytes: side.peakMemory >> 20)
    }
    chart(axis, "ms a step", points)
  }

  /// Clustered unit vectors of width 384, as embeddings are.
  private func knowledgeBases() {
    let sizes = [1000, 4000, 16_000, 64_000]
    func vectors(_ count: Int) -> Matrix {
      let centres = Tensor(normal: [50, 384], standardDeviation: 1, key: RandomKey(1))
      let rows = centres.gatheredRows((0..<count).map { Int32($0 % 50) })
      let noise = Tensor(normal: [count, 384], standardDeviation: 0.7, key: RandomKey(2).child(count))
      return Matrix((rows + noise).l2Normalised())
    }
    func milliseconds(_ body: () -> Void) -> Double {
      let started = ContinuousClock.now
      body()
      return started.duration(to: .now) / .milliseconds(1)
    }
    var (building, searching) = ([Point](), [Point]())
    for size in sizes {
      note("texts of a knowledge base: \(size)")
      let all = vectors(size + 200)
      let keys = all.gathered(Array(0..<size)), queries = all.gathered(Array(size..<size + 200))
      var index: (any Retriever)?
      building.append(
        Point(size: size, milliseconds: milliseconds { index = try? HNSW().makeRetriever(keys) }, mebibytes: 0))
      let search = milliseconds { _ = try? index?.search(queries, neighbours: 8) }
      searching.append(Point(size: size, milliseconds: search / 200, mebibytes: 0))
    }
    chart("texts of a knowledge base", "ms to build", building)
    chart("texts of a knowledge base", "ms a search", searching)
  }

  private func chart(_ axis: String, _ what: String, _ points: [Point]) {
    let withMemory = points.contains { $0.mebibytes > 0 }
    var lines = ["\n### \(axis), \(what)\n"]
    lines.append("| \(axis) | \(what) | \(what) for each |" + (withMemory ? " peak memory |" : ""))
    lines.append("|---|---|---|" + (withMemory ? "---|" : ""))
    for point in points {
      lines.append(
        "| \(point.size) | \(fixed(point.milliseconds, 3)) | \(fixed(point.milliseconds / Double(point.size), 6)) |"
          + (withMemory ? " \(point.mebibytes) MiB |" : ""))
    }
    lines += [
      "", "```mermaid", "xychart-beta", "  x-axis \"\(axis)\" [\(points.map { "\($0.size)" }.joined(separator: ", "))]",
    ]
    lines.append("  y-axis \"\(what)\"")
    lines += ["  bar [\(points.map { fixed($0.milliseconds, 2) }.joined(separator: ", "))]", "```"]
    Swift.print(lines.joined(separator: "\n"))
  }
}
