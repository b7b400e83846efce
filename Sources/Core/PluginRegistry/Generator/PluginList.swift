import DistillOptions
import DistillYAML

/// The plugins of a manifest and of the manifests that it includes, with the place where each of them is listed.
struct PluginList {
  /// A plugin and its place in a manifest, for error messages.
  private struct Item {
    let plugin: Manifest.Entry
    let source: SourceMap
    let path: String
    let file: String

    func place(of key: String) -> SourceRange { source.range(of: "\(path).\(key)") }
  }

  private let manifest: String
  private var items: [Item] = []
  private var problems: [Diagnostic] = []
  private var files: Set<String> = []

  /// Reads a manifest and all manifests that it includes.
  ///
  /// - Parameters:
  ///   - manifest: The path of the manifest.
  ///   - packages: The folders of the packages that can be included, by name.
  ///   - modules: The modules that the target can import.
  /// - Throws: ``Diagnostics`` with all mistakes that were found.
  init(manifest: String, packages: [String: String], modules: Set<String>) throws {
    self.manifest = manifest
    try add(manifest, packages)
    checkModules(modules)
    checkNames()
    guard problems.isEmpty else { throw Diagnostics(problems) }
  }

  private mutating func add(_ file: String, _ packages: [String: String]) throws {
    guard files.insert(file).inserted else { return }
    let decoded = try YAMLDocument(file: file).decode(Manifest.self)
    for (index, name) in decoded.value.include.enumerated() {
      guard let folder = packages[name] else {
        let hint = nearestNames(to: name, among: packages.keys).first.map { "did you mean `\($0)`?" }
        problems.append(
          Diagnostic(
            "`\(name)` is not a package that this one depends on", at: decoded.source.range(of: "include[\(index)]"),
            hint: hint ?? "add it to the dependencies in Package.swift"))
        continue
      }
      try add(folder + "/plugins.yaml", packages)
    }
    items += decoded.value.plugins.enumerated().map {
      Item(plugin: $1, source: decoded.source, path: "plugins[\($0)]", file: file)
    }
  }

  private mutating func checkModules(_ modules: Set<String>) {
    for item in items where !modules.contains(item.plugin.module) {
      let near = nearestNames(to: item.plugin.module, among: modules)
      let hint = near.first.map { "did you mean `\($0)`?" } ?? "add it to the target's dependencies in Package.swift"
      problems.append(
        Diagnostic(
          "the module `\(item.plugin.module)` is not among the target's dependencies", at: item.place(of: "module"),
          hint: hint))
    }
  }

  private mutating func checkNames() {
    var first: [[String]: Item] = [:]
    for item in items {
      let plugin = item.plugin
      if let other = first[[plugin.kind, plugin.name]] {
        let line = other.place(of: "name").line
        problems.append(
          Diagnostic(
            "the \(plugin.kind) `\(plugin.name)` is listed twice", at: item.place(of: "name"),
            hint: "first on line \(line)" + (other.file == item.file ? "" : " of \(other.file)")))
      } else {
        first[[plugin.kind, plugin.name]] = item
      }
    }
  }

  /// The contents of the generated Swift file.
  ///
  /// `#sourceLocation` makes the compiler report its own errors, such as a type that does not exist, at the plugin's line in the
  /// manifest. Included plugins have no `#sourceLocation`, because their manifests have the same file name.
  var swift: String {
    let imports = Set(items.map(\.plugin.module) + ["DistillOptions"]).sorted().map { "import \($0)\n" }.joined()
    // A type with the name of its module hides the module, so it must be written without the module's name.
    let hidden = Set(items.map(\.plugin.module)).intersection(items.map(\.plugin.type))
    let lines = items.map { item in
      let plugin = item.plugin
      let type = hidden.contains(plugin.module) ? plugin.type : "\(plugin.module).\(plugin.type)"
      let line = """
            all.append(CompiledPlugin(kind: "\(plugin.kind)", name: "\(plugin.name)", type: \(type).self))

        """
      guard item.file == manifest else { return line }
      let place = "file: \(item.file.debugDescription), line: \(item.place(of: "type").line)"
      return "#sourceLocation(\(place))\n\(line)#sourceLocation()\n"
    }
    return """
      // Generated from plugins.yaml.
      \(imports)
      enum CompiledPlugins {
        static var all: [CompiledPlugin] {
          \(lines.isEmpty ? "let" : "var") all: [CompiledPlugin] = []
      \(lines.joined())    return all
        }
      }

      """
  }
}
