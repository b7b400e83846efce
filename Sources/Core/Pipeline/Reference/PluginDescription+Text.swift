import DistillCore

extension PluginDescription {
  /// The description as text for a terminal.
  package var text: String {
    let facts = facts.map { "  \($0.name):\(String(repeating: " ", count: 9 - $0.name.count))\($0.text)" }
    return ["\(kind) \(name)", "  \(summary)"].joined(separator: "\n")
      + (["\n"] + facts).joined(separator: "\n") + "\n\n  Options:"
      + (options.isEmpty ? " none" : "\n" + lines(options, indent: "    ").joined(separator: "\n"))
  }

  /// The formula, source, reads and example, leaving out those that the plugin does not have.
  var facts: [(name: String, text: String)] {
    [("Formula", reference.formula), ("Source", reference.source), ("Reads", reads), ("Example", example)]
      .compactMap { name, text in text.map { (name, $0) } }
  }

  private func lines(_ options: [OptionDescription], indent: String) -> [String] {
    options.flatMap { option in
      let parts = [option.type, option.value].filter { !$0.isEmpty }.joined(separator: "; ")
      return ["\(indent)\(option.key) (\(parts))", "\(indent)    \(option.summary)"]
        + lines(option.nested, indent: indent + "    ")
    }
  }
}

extension OptionDescription {
  /// `required`, or the default value.
  fileprivate var value: String {
    if mustBeWritten { return "required" }
    return defaultValue.map { $0 == .null ? "" : "default \($0.flow)" } ?? ""
  }
}
