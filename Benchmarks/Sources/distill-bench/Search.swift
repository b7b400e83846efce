import ArgumentParser
import DistillCore
import DistillExactSearch
import DistillHNSW
import Foundation

/// Nearest neighbours: queries a second at equal recall, and building.
struct Search: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Search for the ten nearest neighbours beside hnswlib, faiss and usearch, at equal recall.",
    discussion: """
      Vectors are files of float32 rows of length 1, as `distill-bench embed` writes them. Every side builds
      its index alone with all threads, and then takes its turns with one thread. A side's queries a second at a
      recall lie on the line between the two nearest settings (in the logarithm).
      """)

  @Argument(help: "Vectors to search.") var keys: String
  @Argument(help: "Vectors to search for.") var queries: String
  @Option(help: "Numbers of a vector.") var width = 384
  @Option(help: "Python with hnswlib, faiss-cpu and usearch.") var python = "python3"
  @Option(help: "Turns of each side with each setting.") var rounds = 5
  @Option(help: "Threads for building and for exact search.") var threads = 2
  @Option(parsing: .upToNextOption, help: "Rivals.")
  var rivals = ["hnswlib", "faiss", "faiss-8bit", "usearch-bf16", "usearch-i8", "faiss-flat"]
  @Option(parsing: .upToNextOption, help: "Recalls to compare at.") var recalls = [0.92, 0.965, 0.985]

  static let candidates = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]

  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "distill-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, file) in [("keys.f32", keys), ("queries.f32", queries)] {
      try FileManager.default.copyItem(at: URL(filePath: file), to: folder.appending(path: name))
    }
    // This process reads no vectors: the largest memory that a process has had is passed on to those that it starts.
    let count = { (name: String) in
      try folder.appending(path: name).resourceValues(forKeys: [.fileSizeKey]).fileSize! / 4 / width
    }
    let (stored, wanted) = try (count("keys.f32"), count("queries.f32"))
    let peer = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../peers/search.py").path
    let own = try ["exact", "hnsw"].map { engine in
      try start(engine, [CommandLine.arguments[0], "serve-search", engine, folder.path, "--width", "\(width)"])
    }
    let others = try rivals.map { engine in
      try start(
        engine, [python, peer, engine, "--folder", folder.path, "--width", "\(width)", "--threads", "\(threads)"])
    }
    let sides = own + others
    print("\(stored) vectors, \(wanted) queries, \(threads) threads for building\n")
    print("| | seconds to build | peak memory, MiB |\n|---|---|---|")
    for (side, seconds) in sides { print("| \(side.name) | \(fixed(seconds, 1)) | \(side.peakMemory >> 20) |") }

    var speeds: [String: [Double: [Double]]] = [:]
    var exact: [String: [Double]] = [:]
    for round in 1...rounds {
      note("round \(round) of \(rounds)")
      var points: [String: [(recall: Double, speed: Double)]] = [:]
      for ef in Self.candidates {
        for (side, _) in sides where !isExact(side) {
          let answer = try side.ask("\(ef)")
          points[side.name, default: []].append((answer.losses[0], Double(wanted) / answer.seconds[0]))
        }
      }
      for (side, _) in sides where isExact(side) {
        exact[side.name, default: []].append(Double(wanted) / (try side.ask("0").seconds[0]))
      }
      for (name, points) in points {
        for recall in recalls { speeds[name, default: [:]][recall, default: []].append(speed(points, at: recall)) }
      }
    }
    print("\n| queries a second at recall | \(recalls.map { "\($0)" }.joined(separator: " | ")) |")
    print("|---|\(recalls.map { _ in "---|" }.joined())")
    for (side, _) in sides where !isExact(side) {
      print(
        "| \(side.name) | \(recalls.map { fixed(median(speeds[side.name]?[$0] ?? []), 0) }.joined(separator: " | ")) |")
    }
    let ratios = recalls.map { recall in
      let rounds = (0..<rounds).map { round in
        let best = others.compactMap { speeds[$0.side.name]?[recall]?[round] }.filter { !$0.isNaN }.max() ?? .nan
        return (speeds["hnsw"]?[recall]?[round] ?? .nan) / best
      }
      return "\(fixed(median(rounds), 2)) (\(fixed(rounds.min() ?? 0, 2)) … \(fixed(rounds.max() ?? 0, 2)))"
    }
    print("| ours over the best rival of the round | \(ratios.joined(separator: " | ")) |")
    print("\n| exact, all queries at once, \(threads) threads | queries a second |\n|---|---|")
    for (side, _) in sides where isExact(side) {
      print("| \(side.name) | \(fixed(median(exact[side.name] ?? []), 0)) |")
    }
  }

  private func isExact(_ side: Side) -> Bool { ["exact", "faiss-flat"].contains(side.name) }

  /// Starts a side, and returns it when its index is built, with the seconds.
  private func start(_ engine: String, _ command: [String]) throws -> (side: Side, built: Double) {
    note("building: \(engine)")
    let side = try Side(engine, command: command, environment: ["DISTILL_THREADS": "\(threads)"])
    try side.takeTurn(0)
    return (side, side.seconds[0][0])
  }

  /// Returns the speed at a recall, or NaN if no setting reaches it.
  private func speed(_ points: [(recall: Double, speed: Double)], at recall: Double) -> Double {
    guard let above = points.firstIndex(where: { $0.recall >= recall }) else { return .nan }
    guard above > 0 else { return points[0].speed }
    let (a, b) = (points[above - 1], points[above])
    let share = (recall - a.recall) / (b.recall - a.recall)
    return exp(log(a.speed) + share * (log(b.speed) - log(a.speed)))
  }
}

/// Our side of a search.
struct ServeSearch: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "serve-search", shouldDisplay: false)
  @Argument var engine: String
  @Argument var folder: String
  @Option var width: Int

  func run() throws {
    let (keys, queries) = try (
      vectors(URL(filePath: folder), "keys.f32", width), vectors(URL(filePath: folder), "queries.f32", width)
    )
    let started = ContinuousClock.now
    let recipe: any RetrieverRecipe = engine == "exact" ? ExactSearch() : HNSW()
    var index = try recipe.makeRetriever(keys)
    let built = started.duration(to: .now) / .seconds(1)
    if engine == "exact" {
      let tenths = try index.search(queries, neighbours: 10).map { $0[9].similarity }
      try tenths.withUnsafeBytes { Data($0) }.write(to: URL(filePath: folder).appending(path: "floors.f32"))
    }
    _ = readLine()
    try say(built, [])
    let floors = try vectors(URL(filePath: folder), "floors.f32", 1).values
    while let line = readLine() {
      if var graph = index as? HNSWIndex, let ef = Int(line) {
        graph.efSearch = ef
        index = graph
      }
      let retriever = index
      let started = ContinuousClock.now
      let found = try Compute.$threads.withValue(engine == "exact" ? Compute.threads : 1) {
        try retriever.search(queries, neighbours: 10)
      }
      let seconds = started.duration(to: .now) / .seconds(1)
      let right = zip(found, floors).reduce(0) { sum, answer in
        sum + answer.0.count { $0.similarity >= answer.1 - 1e-6 }
      }
      try say(seconds, [Double(right) / Double(10 * queries.rows)])
    }
  }

  private func say(_ seconds: Double, _ figures: [Double]) throws {
    let answer = Answer(seconds: [seconds], losses: figures, peakMemory: Compute.peakMemory)
    FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
  }
}

/// Reads a file straight into the array, so that the memory of a copy is not taken for that of an index.
private func vectors(_ folder: URL, _ name: String, _ width: Int) throws -> Matrix {
  let file = try FileHandle(forReadingFrom: folder.appending(path: name))
  let count = Int(try file.seekToEnd()) / 4
  try file.seek(toOffset: 0)
  let values = try [Float](unsafeUninitializedCapacity: count) { buffer, filled in
    let bytes = UnsafeMutableRawBufferPointer(buffer)
    var at = 0
    while at < 4 * count, let part = try file.read(upToCount: min(1 << 20, 4 * count - at)), !part.isEmpty {
      part.copyBytes(to: UnsafeMutableRawBufferPointer(rebasing: bytes[at...]))
      at += part.count
    }
    filled = at / 4
  }
  return Matrix(rows: values.count / width, columns: width, values: values)
}
