import DistillCore
import ArgumentParser
import DistillPipeline

struct Schema: PluginCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a JSON Schema of pipeline files, for editors.",
    discussion: """
      It knows the options of every plugin that is compiled in, so that an editor completes them, shows what they mean and marks \
      what is wrong while you type:

        distill schema > pipeline.schema.json

      and, as the first line of a pipeline, for any editor with the YAML language server:

        # yaml-language-server: $schema=pipeline.schema.json

      What options mean together, and whether files and layers exist, is for `distill validate`.
      """)

  func run(_ registry: PluginRegistry) throws {
    Console.output(String(ReferencePages.schema(registry).dropLast()))
  }
}
