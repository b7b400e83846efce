import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Validate: PluginCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check pipeline files: every mistake with its line and column, before any weight is read.")

  @Argument(help: "Pipeline files.")
  var files: [String]
  @OptionGroup var overrides: OverrideOptions
  @Option(help: "text, or json for editors.")
  var format = OutputFormat.text

  func run(_ registry: PluginRegistry) throws {
    var failures: [Diagnostics] = []
    for file in files {
      do {
        let pipeline = try Pipeline(file: file, overrides: try overrides.pairs(), registry: registry)
        if format == .text { Console.output("\(file): fine\n  " + pipeline.summary.joined(separator: "\n  ")) }
      } catch let error as Diagnostics {
        failures.append(error)
      }
    }
    let diagnostics = Diagnostics(joining: failures)
    if format == .json { Console.output(String(decoding: try diagnostics.json(), as: UTF8.self)) }
    if failures.isEmpty { return }
    if format == .text { throw diagnostics }
    throw ExitCode(2)
  }
}
