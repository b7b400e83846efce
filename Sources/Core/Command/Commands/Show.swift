import ArgumentParser
import DistillCore
import DistillPipeline

struct Show: PluginCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a pipeline with every default spelt out, and where each value comes from.")

  @Argument(help: "Pipeline file.")
  var file: String
  @OptionGroup var overrides: OverrideOptions

  func run(_ registry: PluginRegistry) throws {
    let decoded = try Pipeline.read(file: file, overrides: try overrides.pairs(), registry: registry)
    Console.output(String(decoded.annotatedYAML().dropLast()))
  }
}
