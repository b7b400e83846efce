import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

/// The program `distill`, for a package that compiles plugins of its own into it:
///
/// ```swift
/// import DistillCLI
///
/// DistillCommand.main(plugins: CompiledPlugins.all)
/// ```
///
/// `CompiledPlugins` is what the build-tool plugin `DistillPluginRegistry` makes of the package's `plugins.yaml`.
public enum DistillCommand {
  /// Does what the process's arguments say, and ends the process with the status that `distill help` tells.
  ///
  /// - `starter`: a first pipeline file for a task, made of these plugins, for `distill init`. Without one there is no such file.
  public static func main(plugins: [CompiledPlugin], starter: ((_ task: String) -> String)? = nil) -> Never {
    StandardStream.prepare()
    do {
      try Compute.checkEnvironment()
      let registry = try PluginRegistry(plugins, kinds: PluginKind.pipeline)
      try Distill.checkCommandName(CommandLine.arguments.dropFirst())
      var command = try Distill.parseAsRoot()
      if let command = command as? Initialise {
        try command.run(starter)
      } else if let command = command as? any PluginCommand {
        try command.run(registry)
      } else {
        try command.run()
      }
      exit(0)
    } catch {
      ExitStatus.quit(with: error)
    }
  }
}

/// A command that looks plugins up.
protocol PluginCommand: ParsableCommand {
  func run(_ registry: PluginRegistry) throws
}
