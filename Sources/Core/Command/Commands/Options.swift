import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

/// The option `--threads`, which all commands share that calculate something.
struct ThreadOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Threads to use. Default: all cores, or DISTILL_THREADS.")
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be between 1 and 1024") }
  }

  func run<T>(_ body: () throws -> T) rethrows -> T {
    try Compute.$threads.withValue(threads ?? Compute.threads, operation: body)
  }
}

extension Precision: ExpressibleByArgument {}

/// The option `--set a.b=c`, which all commands share that read a pipeline.
struct OverrideOptions: ParsableArguments {
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Replace a value of the file, with the same checks; may be given again.", valueName: "path=value"))
  var overrides: [String] = []

  func validate() throws { _ = try pairs() }

  /// Splits the arguments at their first equals sign.
  func pairs() throws -> [(path: String, value: String)] {
    try overrides.map { text in
      guard let equals = text.firstIndex(of: "=") else {
        throw ValidationError("--set takes path=value, such as training.epochs=1; \"\(text)\" has no =")
      }
      return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
  }
}

extension Pipeline {
  /// Reads the pipeline of a file and prints its warnings.
  ///
  /// - Parameter output: A folder for the run that replaces the one in the file.
  init(_ file: String, _ overrides: OverrideOptions, output: String?, registry: PluginRegistry) throws {
    let output = output.map { [("output", YAMLValue.text(URL(filePath: $0).path).flow)] } ?? []
    try self.init(file: file, overrides: try overrides.pairs() + output, registry: registry)
    Console.show(warnings: warnings)
  }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

/// Reads one text per line, or two with a TAB between them, as `tokenize` and `embed` expect their input.
func examples(inLinesOf file: String) throws -> [Example] {
  var lines = try Console.input(file).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  if lines.last?.isEmpty == true { lines.removeLast() }
  func problem(_ index: Int, _ message: String) -> TextFileError {
    TextFileError(
      named: file == "-" ? "standard input" : file, [TextFileError.Problem(line: index + 1, message)])
  }
  return try lines.enumerated().map { index, line in
    let bytes = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw problem(index, "is not valid UTF-8")
    }
    // Bytes are split, because a tab and a combining mark after it are a single `Character`.
    let parts = text.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    guard parts.count <= 2 else {
      throw problem(index, "has \(parts.count) texts; a line holds one, or two with a TAB between them")
    }
    return Example(text: parts[0], pair: parts.count == 2 ? parts[1] : nil, line: index + 1)
  }
}
