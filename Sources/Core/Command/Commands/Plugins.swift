import ArgumentParser
import DistillCore
import DistillPipeline

struct Plugins: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The plugins that are compiled in.", subcommands: [List.self, Describe.self], defaultSubcommand: List.self
  )

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
    static let configuration = CommandConfiguration(abstract: "What a plugin does and its options.")

    @Argument(help: "Name of a plugin.")
    var name: String

    func run(_ registry: PluginRegistry) throws {
      let found = registry.plugins.filter { $0.name == name }
      guard !found.isEmpty else {
        let near = nearestNames(to: name, among: registry.plugins.map(\.name)).first
        throw ValidationError("no plugin is called \(name)" + (near.map { "; did you mean \($0)?" } ?? ""))
      }
      for plugin in found {
        Console.output("\(plugin.kind) \(plugin.name)\n  \(plugin.type.summary)")
        show(plugin.type.optionDescriptions(registry: registry), indent: "  ")
      }
    }

    private func show(_ options: [OptionDescription], indent: String) {
      for option in options {
        let value = option.isRequired ? "required" : option.defaultValue.map { "default \($0.flow)" } ?? ""
        Console.output(
          "\(indent)\(option.key) (\([option.type, value].filter { !$0.isEmpty }.joined(separator: ", ")))")
        Console.output("\(indent)    \(option.summary)")
        show(option.nested, indent: indent + "    ")
      }
    }
  }
}
