import DistillOptions
import DistillYAML
import Foundation

/// The program that generates a Swift file with a list of plugins from `plugins.yaml`.
///
/// The build-tool plugin runs `distill-plugin-registry MANIFEST OUTPUT PACKAGE=FOLDER... MODULE...`. It passes the packages whose
/// plugins can be included, and the modules that the target can import.
@main struct Main {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let manifest = arguments.first, let output = arguments.dropFirst().first else {
      quit("usage: distill-plugin-registry MANIFEST OUTPUT PACKAGE=FOLDER... MODULE...")
    }
    var packages: [String: String] = [:]
    var modules: Set<String> = []
    for argument in arguments.dropFirst(2) {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2 { packages[parts[0]] = parts[1] } else { modules.insert(argument) }
    }
    do {
      let list = try PluginList(manifest: manifest, packages: packages, modules: modules)
      try Data(list.swift.utf8).write(to: URL(filePath: output), options: .atomic)
    } catch let error as Diagnostics {
      quit(error.rendered())
    } catch {
      quit("\(output): error: cannot be written: \(error.localizedDescription)")
    }
  }

  private static func quit(_ message: String) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(1)
  }
}
