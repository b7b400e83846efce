import Foundation
import PackagePlugin

/// A build-tool plugin that generates `CompiledPlugins`, a list of the plugins in `plugins.yaml`, for the target that uses it.
///
/// `plugins.yaml` is in the folder of the target or in the root of its package. It may include the `plugins.yaml` of packages
/// that this package depends on.
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
    var packages: [String: URL] = [:]
    collect(context.package, into: &packages)
    let included = Set(packages.values.map { $0.appending(path: "plugins.yaml") })
      .filter { FileManager.default.fileExists(atPath: $0.path) }.sorted { $0.path < $1.path }
    return [
      .buildCommand(
        displayName: "Listing the plugins of \(target.name)",
        executable: try context.tool(named: "distill-plugin-registry").url,
        arguments: [manifest.path, output.path] + packages.map { "\($0)=\($1.path)" }.sorted() + Set(modules).sorted(),
        inputFiles: [manifest] + included, outputFiles: [output])
    ]
  }

  /// Collects the folders of all direct and indirect dependencies of a package, by the names in their Package.swift.
  private func collect(_ package: Package, into folders: inout [String: URL]) {
    for dependency in package.dependencies.map(\.package) where folders[dependency.displayName] == nil {
      folders[dependency.displayName] = dependency.directoryURL
      collect(dependency, into: &folders)
    }
  }
}
