import DistillOptions

/// `plugins.yaml`.
struct Manifest: Configurable {
  var plugins: [Entry] = []

  struct Entry: Configurable {
    var kind = ""
    var name = ""
    var module = ""
    var type = ""

    mutating func options(_ visit: inout OptionVisitor) {
      visit("kind", &kind, required: true, "What the plugin is, such as loss or teacher.")
      visit("name", &name, required: true, "What `use:` calls it.")
      visit("module", &module, required: true, "The module that declares its type.")
      visit("type", &type, required: true, "The Swift type.")
      for (key, value) in [("kind", kind), ("name", name)] where !value.isEmpty && !isName(value) {
        visit.reject(key, "`\(value)` is not a name", hint: "lower-case letters and digits, words joined by `-`")
      }
      if !module.isEmpty, !isIdentifier(module) { visit.reject("module", "`\(module)` is not a Swift module name") }
      if !type.isEmpty, !type.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isIdentifier) {
        visit.reject("type", "`\(type)` is not the name of a Swift type")
      }
    }
  }

  mutating func options(_ visit: inout OptionVisitor) {
    visit.sections("plugins", &plugins, required: true, "The plugins to compile in.")
  }

  /// What only the whole list and the package can tell.
  func problems(modules: Set<String>, source: SourceMap) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    var lines: [[String]: Int] = [:]
    for (index, plugin) in plugins.enumerated() {
      if !modules.contains(plugin.module) {
        let near = nearestNames(to: plugin.module, among: modules)
        let hint = near.first.map { "did you mean `\($0)`?" } ?? "add it to the target's dependencies in Package.swift"
        problems.append(
          Diagnostic(
            "the module `\(plugin.module)` is not among the target's dependencies",
            at: source.range(of: "plugins[\(index)].module"), hint: hint))
      }
      let place = source.range(of: "plugins[\(index)].name")
      if let line = lines[[plugin.kind, plugin.name]] {
        problems.append(
          Diagnostic("the \(plugin.kind) `\(plugin.name)` is listed twice", at: place, hint: "first on line \(line)"))
      } else {
        lines[[plugin.kind, plugin.name]] = place.line
      }
    }
    return problems
  }

  /// The Swift file. Each plugin is compiled as if it stood in the manifest, so that the compiler's own errors, such as a
  /// type that does not exist, name the line there.
  func swift(manifest: String, source: SourceMap) -> String {
    let imports = Set(plugins.map(\.module) + ["DistillOptions"]).sorted().map { "import \($0)\n" }.joined()
    let items = plugins.enumerated().map { index, plugin in
      """
      #sourceLocation(file: \(manifest.debugDescription), line: \(source.range(of: "plugins[\(index)].type").line))
          all.append(CompiledPlugin(kind: "\(plugin.kind)", name: "\(plugin.name)", type: \(plugin.module).\(plugin.type).self))

      """
    }
    return """
      // Generated from plugins.yaml.
      \(imports)
      enum CompiledPlugins {
        static var all: [CompiledPlugin] {
          \(items.isEmpty ? "let" : "var") all: [CompiledPlugin] = []
      \(items.joined())\(items.isEmpty ? "" : "#sourceLocation()\n")    return all
        }
      }

      """
  }
}

/// `relational-kl`
private func isName(_ text: String) -> Bool {
  text.split(separator: "-", omittingEmptySubsequences: false).allSatisfy { word in
    !word.isEmpty && word.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || isDigit($0) }
  } && !(text.utf8.first.map(isDigit) ?? true)
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

private func isIdentifier(_ text: some StringProtocol) -> Bool {
  guard let first = text.unicodeScalars.first else { return false }
  return (first == "_" || first.properties.isXIDStart)
    && text.unicodeScalars.dropFirst().allSatisfy(\.properties.isXIDContinue)
}
