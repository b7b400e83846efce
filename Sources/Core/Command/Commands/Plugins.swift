import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Plugins: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The plugins that are compiled in.",
    discussion: """
      A pipeline names a plugin after `use:`, and the plugin's options stand beside it. Which plugins there are is said by \
      plugins.yaml when the program is built.
      """,
    subcommands: [List.self, Describe.self, Reference.self], defaultSubcommand: List.self)

  struct List: PluginCommand {
    static let configuration = CommandConfiguration(abstract: "Every plugin in a line, by kind.")

    func run(_ registry: PluginRegistry) throws {
      for kind in registry.kinds {
        let plugins = registry.plugins(ofKind: kind.name)
        guard !plugins.isEmpty else { continue }
        Console.output("\(kind.name)")
        let width = plugins.map(\.name.count).max() ?? 0
        for plugin in plugins {
          let padding = String(repeating: " ", count: width - plugin.name.count)
          Console.output("  \(plugin.name)\(padding)  \(plugin.type.summary)")
        }
      }
    }
  }

  struct Describe: PluginCommand {
    static let configuration = CommandConfiguration(
      abstract: "What a plugin does, where it comes from, a line to copy, and its options.",
      discussion: "A name that several kinds share, such as bert, shows all of them.")

    @Argument(help: "Name of a plugin, as after `use:`.")
    var name: String

    func run(_ registry: PluginRegistry) throws {
      let found = registry.plugins.filter { $0.name == name }
      guard !found.isEmpty else {
        let near = nearestNames(to: name, among: registry.plugins.map(\.name)).first
        let hint = near.map { "; did you mean \($0)?" } ?? "; `distill plugins` lists them"
        throw InputError("no plugin is called \(name)\(hint)")
      }
      Console.output(found.map { PluginDescription($0, registry: registry).text }.joined(separator: "\n\n"))
    }
  }

  struct Reference: PluginCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the reference of pipeline files and plugins: Markdown pages and the JSON Schema.",
      discussion: "Files of the same names are replaced. For your own plugins too, in a program that compiles them in.")

    @Argument(help: "Folder to write into; it is made where it is missing.")
    var folder: String

    func run(_ registry: PluginRegistry) throws {
      let folder = URL(filePath: folder)
      try FileSystem.makeFolder(folder)
      for file in ReferencePages(registry).files {
        try AtomicFile.write(Data(file.text.utf8), to: folder.appending(path: file.name))
      }
    }
  }
}
