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
    var found: [Diagnostics] = []
    for file in files {
      do {
        let pipeline = try Pipeline(file: file, overrides: try overrides.pairs(), registry: registry)
        found.append(Diagnostics(pipeline.warnings))
        if format == .text { Console.output("\(file): fine\n  " + pipeline.summary.joined(separator: "\n  ")) }
      } catch let error as Diagnostics {
        found.append(error)
      }
    }
    let diagnostics = Diagnostics(joining: found)
    if format == .json { Console.output(String(decoding: try diagnostics.json(), as: UTF8.self)) }
    if format == .text { Console.show(diagnostics) }
    if diagnostics.hasErrors { throw ExitCode(2) }
  }
}
