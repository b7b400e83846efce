import DistillOptions

/// The contents of a `plugins.yaml`.
struct Manifest: Configurable {
  var include: [String] = []
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
    visit("include", &include, "Packages that this one depends on, whose plugins.yaml is to count here too.")
    visit.sections("plugins", &plugins, required: include.isEmpty, "The plugins to compile in.")
  }
}

/// Returns whether a text has the form of a plugin's name, such as `relational-kl`.
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
