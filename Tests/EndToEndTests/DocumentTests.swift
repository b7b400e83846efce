import Foundation
import Testing

/// Every piece of Swift, YAML and shell in the documents is compiled, decoded or run; what is not is listed here, with the reason.
@Suite(.serialized) struct DocumentTests {
  struct Block: Sendable, CustomTestStringConvertible {
    let document: String
    let language: String
    let text: String
    /// The file that the line above says this is.
    let file: String?
    var testDescription: String { "\(document): \(text.prefix { !$0.isNewline })" }
  }

  /// A part of a line of each block of shell that nothing runs.
  private static let notRun = [
    "Scripts/quickstart": "installs system packages; what it builds and runs, Scripts/test-documents does, too",
    "venv/bin/pip install": "fetches the rivals; a comparison takes half an hour of a quiet machine",
    "peers/finetune.py": "needs PyTorch",
    "--package-path Server": "builds the HTTP server, which then does not end; Scripts/test-server does the same",
    "distill-bench search": "embeds 67,349 sentences, and needs the rivals",
  ]

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Paths of the repository's files with an ending, in the folders that hold documents and what they quote.
  private static func files(_ ending: String) -> [String] {
    let folders = ["Docs", "Examples", "Tests", "Benchmarks", "Sources"].flatMap { folder in
      let names = FileManager.default.enumerator(atPath: root.appending(path: folder).path)?.compactMap {
        $0 as? String
      }
      return (names ?? []).filter { !$0.contains(".build") }.map { "\(folder)/\($0)" }
    }
    let top = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return (top + folders).filter { $0.hasSuffix(ending) }.sorted()
  }

  private static func text(_ path: String) -> String {
    (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
  }

  static let blocks: [Block] = files(".md").flatMap { document in
    var blocks: [Block] = []
    var (fence, lines, named): (String?, [Substring], String?) = (nil, [], nil)
    for line in text(document).split(separator: "\n", omittingEmptySubsequences: false) {
      if let language = fence, line == "```" {
        blocks.append(
          Block(document: document, language: language, text: lines.joined(separator: "\n"), file: named))
        (fence, lines, named) = (nil, [], nil)
      } else if fence != nil {
        lines.append(line)
      } else if line.hasPrefix("```") {
        fence = String(line.dropFirst(3))
      } else if !line.isEmpty {
        named = line.wholeMatch(of: /`([^`]+)`/).map { String($0.1) }
      }
    }
    return blocks
  }

  private static func blocks(_ language: String) -> [Block] { blocks.filter { $0.language == language } }

  /// Whether `Scripts/test-documents` runs the shell of a document and writes the files that it gives.
  private static func isFollowed(_ document: String) -> Bool {
    text("Scripts/test-documents").split(whereSeparator: \.isWhitespace).contains { $0 == document }
  }

  private static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
      .joined(separator: "\n")
  }

  @Test func thereAreDocuments() {
    #expect(Set(Self.blocks.map(\.document)).isSuperset(of: ["README.md", "Docs/Tutorial.md", "Docs/PluginGuide.md"]))
    #expect(
      Set(Self.blocks.map(\.language)).subtracting(["swift", "yaml", "sh", "json", "csv", "mermaid", ""]).isEmpty)
    for part in Self.notRun.keys {
      #expect(Self.blocks("sh").contains { $0.text.contains(part) }, "no document has \(part) any more")
    }
  }

  /// Paragraph for paragraph what stands in one file that is compiled, but for indentation.
  @Test(arguments: blocks("swift")) func swiftIsCompiled(_ block: Block) {
    if block.file != nil { return #expect(Self.isFollowed(block.document)) }
    let paragraphs = Self.lines(block.text).components(separatedBy: "\n\n")
    let sources = Self.files(".swift").filter { !$0.hasPrefix("Sources") }.map { Self.lines(Self.text($0)) }
    #expect(
      sources.contains { source in paragraphs.allSatisfy(source.contains) }, "no compiled file has\n\(block.text)")
  }

  @Test(arguments: blocks("yaml")) func yamlIsThatOfAPipeline(_ block: Block) throws {
    if block.file != nil { return #expect(Self.isFollowed(block.document)) }
    for match in block.text.matches(of: /\$schema=(\S+)/) {
      let folder = Self.root.appending(path: "Examples/support-intents")
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: String(match.1)).path), "\(match.1)")
    }
    let bench = try Workbench()
    let isWhole = block.text.hasPrefix("version:")
    if isWhole { try bench.writeBERT("models/all-MiniLM-L6-v2", layers: 6) }
    for text in Self.alternatives(block.text) {
      let start = isWhole || text.contains(/(?m)^extends:/) ? "" : "extends: pipeline.yaml\n"
      let folder = bench.url.appending(path: "a/b")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for name in ["pipeline.yaml", "train.tsv", "validation.tsv"] {
        try? bench.data(name).write(to: folder.appending(path: name))
      }
      try bench.write(start + text, to: "a/b/block.yaml")
      // A fragment is decoded; its files are the reader's. The bench's BERT reads 32 tokens and no more.
      let outcome = try bench.distill(
        isWhole ? ["validate", "a/b/block.yaml", "--set", "task.max_length=16"] : ["show", "a/b/block.yaml"],
        environment: ["SCRATCH": "/scratch"])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  /// A block that gives a key several times gives one line for each case; otherwise it is one text.
  private static func alternatives(_ text: String) -> [String] {
    let lines = text.split(separator: "\n").map(String.init)
    let keys = lines.compactMap { $0.prefixMatch(of: /[a-z_]+:/).map { String($0.0) } }
    return Set(keys).count < keys.count ? lines : [text]
  }

  @Test(arguments: blocks("sh")) func shellIsRun(_ block: Block) throws {
    if Self.isFollowed(block.document) || Self.notRun.keys.contains(where: block.text.contains) { return }
    let bench = try Workbench()
    try bench.write("where is my parcel\nmoney back\n", to: "texts.txt")
    try bench.write("id,text\n7,\"where, please, is my parcel\"\n", to: "texts.csv")
    try bench.write("version: 1\npipeline: pipeline.yaml\nseeds: [1]\noutput: runs/sweep\n", to: "sweep.yaml")
    try bench.write("text\tintent\nbox box\thelp\n", to: "more.tsv")
    try bench.write(
      "extends: pipeline.yaml\ntask: {use: tsv, train: train.tsv, label: intent, max_length: 16, hold_out: 0.4}\n",
      to: "held.yaml")
    try bench.write(
      "version: 1\npipeline: held.yaml\nvalues: {training.warmup: [0.2]}\noutput: runs/search\n", to: "search.yaml")
    let words = ["FILE": "pipeline.yaml", "RUN": "runs/tiny", "MODEL": "teacher"]
    let text = block.text.replacing("distill sweep FILE", with: "distill sweep sweep.yaml")
      .replacing("distill search FILE", with: "distill search search.yaml").replacing(
        /(distill [a-z]+ (?:add |suggest )?)(FILE|RUN|MODEL)\b/
      ) {
        $0.1 + (words[String($0.2)] ?? "")
      }
    let outcome = try bench.shell(text)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }
}
