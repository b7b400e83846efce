import Foundation
import PackagePlugin

/// Generates `CompiledPlugins`, the list of the plugins in `plugins.yaml`, into the target it is applied to.
///
/// `plugins.yaml` lies in the target's folder or in the root of its package.
@main
struct DistillPluginRegistry: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let folders = [target.directoryURL, context.package.directoryURL]
    let candidates = folders.map { $0.appending(path: "plugins.yaml") }
    guard let manifest = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
      Diagnostics.error(
        "there is no plugins.yaml, neither in the folder of the target \(target.name) nor in the package's root",
        file: candidates.last?.path, line: 1)
      return []
    }
    let output = context.pluginWorkDirectoryURL.appending(path: "CompiledPlugins.swift")
    let modules = target.recursiveTargetDependencies.compactMap { ($0 as? any SourceModuleTarget)?.moduleName }
    return [
      .buildCommand(
        displayName: "Listing the plugins of \(target.name)",
        executable: try context.tool(named: "distill-plugin-registry").url,
        arguments: [manifest.path, output.path] + Set(modules).sorted(),
        inputFiles: [manifest], outputFiles: [output])
    ]
  }
}
