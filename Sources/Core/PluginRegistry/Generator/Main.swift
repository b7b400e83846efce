import DistillOptions
import DistillYAML
import Foundation

/// `distill-plugin-registry MANIFEST OUTPUT MODULE...`: turns `plugins.yaml` into the Swift list of its plugins.
///
/// Run by the build-tool plugin, which passes the modules that the target being built can import.
@main struct Main {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let manifest = arguments.first, let output = arguments.dropFirst().first else {
      quit("usage: distill-plugin-registry MANIFEST OUTPUT MODULE...")
    }
    do {
      let decoded = try YAMLDocument(file: manifest).decode(Manifest.self)
      let problems = decoded.value.problems(modules: Set(arguments.dropFirst(2)), source: decoded.source)
      guard problems.isEmpty else { throw Diagnostics(problems) }
      let text = decoded.value.swift(manifest: manifest, source: decoded.source)
      try Data(text.utf8).write(to: URL(filePath: output), options: .atomic)
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
