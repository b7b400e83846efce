import Foundation
import Testing

/// The same file, weights, data and seed: the same bytes, in every process and on any number of threads.
@Suite(.serialized) struct SameBytesTests {
  private static let internalLosses = """
    losses: [{use: attention-kl}, {use: cls-cosine}, {use: soft-cross-entropy, hard_weight: 0.1}]
    schedule: {use: progressive, epochs_per_layer: 1}
    """

  /// Everything that a run writes, but for what the clock says and where the run is.
  private func tree(_ bench: Workbench) throws -> [String: Data] {
    let root = bench.url.appending(path: "runs")
    var files: [String: Data] = [:]
    for case let path as String in FileManager.default.enumerator(atPath: root.path)
      ?? FileManager.DirectoryEnumerator()
    {
      guard let data = try? Data(contentsOf: root.appending(path: path)) else { continue }
      let name = root.appending(path: path).lastPathComponent
      if name == "report.html" { continue }  // drawn from report.json, and the chart contains the speeds
      files[path] = data
      guard ["run.json", "report.json", "metrics.jsonl", "pipeline.yaml", "manifest.json"].contains(name) else {
        continue
      }
      let text = String(decoding: data, as: UTF8.self)
      files[path] = Data(
        text.replacing(/"time" : "[^"]*"/, with: "").replacing(
          /"(seconds|speed|peak_memory|threads)" ?: ?(\{[^}]*\}|[0-9.e-]+)/, with: ""
        )
        .replacing(/<td>[0-9]+<\/td>/, with: "").replacing(bench.url.path, with: "").utf8)
    }
    return files
  }

  @Test(arguments: [
    ("whole batches", []),
    ("micro-batches", ["--set", "training.micro_batch_size=3"]),
    ("layer by layer", ["internal"]),
  ]) func everyRunIsTheSame(name: String, options: [String]) throws {
    var reference: [String: Data] = [:]
    for (process, threads) in ["1", "2", "2", "7"].enumerated() {
      let bench = try Workbench()
      if options == ["internal"] {
        let losses = "losses:\n  - {use: soft-cross-entropy}\n  - {use: relational-kl, weight: 0.5}"
        try bench.write(Workbench.pipeline.replacing(losses, with: Self.internalLosses), to: "pipeline.yaml")
      }
      let arguments = ["run", "pipeline.yaml", "--set", "training.epochs=2"] + (options == ["internal"] ? [] : options)
      let run = try bench.distill(arguments, environment: ["DISTILL_THREADS": threads])
      try #require(run.status == 0, "\(run.errors)")
      let files = try tree(bench)
      if process == 0 { reference = files }
      #expect(files.count > 20 && files.keys.sorted() == reference.keys.sorted())
      for (path, data) in files { #expect(data == reference[path], "\(path), process \(process), \(threads) threads") }
    }
  }

  @Test(arguments: [0, 0.02, 0.1]) func oneFolderHasOneProcess(delay: Double) throws {
    let bench = try Workbench()
    let both = try bench.shell(
      """
      long="--set training.epochs=150"   # the second one begins before the first one ends, on a loaded machine, too
      distill run pipeline.yaml $long 2>first & one=$!
      sleep \(delay)
      distill run pipeline.yaml $long 2>second & two=$!
      a=0; b=0; wait $one || a=$?; wait $two || b=$?
      echo "$a $b"
      """)
    let statuses = try #require(both.lines.last).split(separator: " ")
    #expect(Set(statuses) == ["0", "1"], "\(both.lines)")
    let told = String(decoding: try bench.data(statuses[0] == "1" ? "first" : "second"), as: UTF8.self)
    #expect(told.contains(/error: .*runs\/tiny is in use by process [0-9]+/), "\(told)")
    #expect(try bench.distill("predict", "runs/tiny", input: "money back\n").status == 0)
  }
}
