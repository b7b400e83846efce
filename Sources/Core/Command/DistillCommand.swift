import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

/// The program `distill`, for packages that compile their own plugins into it:
///
/// ```swift
/// import DistillCLI
///
/// DistillCommand.main(plugins: CompiledPlugins.all)
/// ```
///
/// The build-tool plugin `DistillPluginRegistry` generates `CompiledPlugins` from the `plugins.yaml` of the package.
public enum DistillCommand {
  /// Runs the command that the arguments of the process name, and ends the process with the status that `distill help` documents.
  ///
  /// - `starter`: a first pipeline file for a task, made of these plugins, for `distill init`. Without one there is no such file.
  public static func main(plugins: [CompiledPlugin], starter: ((StarterTask) -> String)? = nil) -> Never {
    StandardStream.prepare()
    do {
      try Compute.checkEnvironment()
      let registry = try PluginRegistry(plugins, kinds: PluginKind.pipeline)
      // Mistakes in the arguments are events, too.
      Console.use(ConsoleStyle(isJSON: CommandLine.arguments.contains("--json")))
      try Distill.checkCommandName(CommandLine.arguments.dropFirst())
      var command = try Distill.parseAsRoot()
      Console.use((command as? any StyledCommand)?.style ?? ConsoleStyle())
      if let command = command as? Initialise {
        try command.run(starter, registry)
      } else if let command = command as? any PluginCommand {
        try command.run(registry)
      } else {
        try command.run()
      }
      Console.progress(nil)
      exit(0)
    } catch {
      ExitStatus.quit(with: error)
    }
  }
}

/// A command that needs the registry of plugins.
protocol PluginCommand: ParsableCommand {
  func run(_ registry: PluginRegistry) throws
}
