import DistillCore

/// The reference of pipeline files as Markdown pages and a JSON Schema, generated from the options that the plugins declare.
package struct ReferencePages {
  package struct File: Sendable {
    package let name: String
    package let text: String
  }

  package let files: [File]

  private struct Kind {
    let name: String
    let plugins: [PluginDescription]
  }

  package init(_ registry: PluginRegistry) {
    let kinds = registry.kinds.map { kind in
      Kind(
        name: kind.name,
        plugins: registry.plugins(ofKind: kind.name).map { PluginDescription($0, registry: registry) })
    }.filter { !$0.plugins.isEmpty }
    files =
      [
        File(name: "README.md", text: Self.index(kinds)), File(name: "pipeline.md", text: Self.pipeline(registry)),
        File(name: "pipeline.schema.json", text: Self.schema(registry)),
      ] + kinds.map { File(name: "\($0.name).md", text: Self.page($0)) }
  }

  package static func schema(_ registry: PluginRegistry) -> String {
    PipelineOptions.jsonSchema(title: "A pipeline of swift-distill", registry: registry).json() + "\n"
  }

  private static let origin = "<!-- Made from the code by Scripts/reference. Change the options there, not here. -->"

  private static func index(_ kinds: [Kind]) -> String {
    let lists = kinds.map { kind in
      "## \(kind.name)\n\n"
        + kind.plugins.map { "- [`\($0.name)`](\(kind.name).md#\($0.name)): \(escaped($0.summary))" }
        .joined(separator: "\n")
    }
    return document(
      [
        "# Reference", origin,
        """
        [pipeline.md](pipeline.md) has the keys of a pipeline file; the other pages have the options of the plugins, by kind. \
        [pipeline.schema.json](pipeline.schema.json) says the same to editors.
        """,
      ] + lists)
  }

  private static func pipeline(_ registry: PluginRegistry) -> String {
    document([
      "# The pipeline file", origin,
      """
      Paths are relative to the file that holds them. A value may be a reference: `${training.epochs}` to another value, `${NAME}` \
      to the environment; `$${` is a literal `${`. Keys that are not listed are refused.
      """, table([.extends] + PipelineOptions.optionDescriptions(registry: registry)),
    ])
  }

  private static func page(_ kind: Kind) -> String {
    document(["# Plugins of kind \(kind.name)", origin] + kind.plugins.flatMap(section))
  }

  private static func section(_ plugin: PluginDescription) -> [String] {
    let facts = plugin.facts.map { fact in
      let isCode = fact.name == "Formula" || fact.name == "Example"
      return "- \(fact.name): " + (isCode ? "`\(fact.text)`" : escaped(fact.text))
    }
    return [
      "## \(plugin.name)", escaped(plugin.summary), facts.joined(separator: "\n"),
      plugin.options.isEmpty ? "No options." : table(plugin.options),
    ]
  }

  private static func document(_ blocks: [String]) -> String { blocks.joined(separator: "\n\n") + "\n" }

  private static func table(_ options: [OptionDescription]) -> String {
    (["| key | value | default | |", "|---|---|---|---|"] + rows(options, under: "")).joined(separator: "\n")
  }

  private static func rows(_ options: [OptionDescription], under path: String) -> [String] {
    options.flatMap { option -> [String] in
      let key = path + option.key
      let standard = option.mustBeWritten ? "required" : option.defaultValue.map { "`\($0.flow)`" } ?? ""
      return ["| `\(key)` | \(linked(option)) | \(standard) | \(escaped(option.summary)) |"]
        + rows(option.nested, under: key + (option.shape == .sections ? "[]." : "."))
    }
  }

  private static func linked(_ option: OptionDescription) -> String {
    switch option.shape {
    case .plugin(let kind), .pluginName(let kind): option.type.replacing(kind, with: "[\(kind)](\(kind).md)")
    default: option.type
    }
  }

  /// Escapes bars, and outside of code stars and underscores, which have a meaning in Markdown that no summary intends.
  private static func escaped(_ text: String) -> String {
    text.replacing("|", with: "\\|").components(separatedBy: "`").enumerated().map { index, part in
      index % 2 == 1 ? part : part.replacing("*", with: "\\*").replacing("_", with: "\\_")
    }.joined(separator: "`")
  }
}
