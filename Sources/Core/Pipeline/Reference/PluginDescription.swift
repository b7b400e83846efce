import DistillCore

/// What can be said of a plugin without running it: `distill plugins describe` prints it, the reference pages show it.
package struct PluginDescription: Sendable {
  package let kind: String
  package let name: String
  package let summary: String
  package let reference: PluginReference
  /// For losses: when they count and which activations they ask for.
  package let reads: String?
  package let options: [OptionDescription]
  /// A line of a pipeline file with the plugin at its place: `losses: [{use: relational-kl, temperature: 0.1}]`.
  package let example: String

  package init(_ plugin: CompiledPlugin, registry: PluginRegistry) {
    let pipeline = PipelineOptions.optionDescriptions(registry: registry)
    (kind, name, summary) = (plugin.kind, plugin.name, plugin.type.summary)
    reference = plugin.type.reference
    reads = (plugin.type.init() as? any LossTerm).flatMap(Self.reads)?.words
    let place = place(of: kind, among: pipeline)
    options = plugin.type.optionDescriptions(registry: registry) + (place?.siblings ?? [])
    let mapping = Self.example(plugin, registry, beside: place?.siblings ?? [])
    example = place?.surround(mapping) ?? mapping
  }

  /// The plugin with what it requires and its default values, sections left out.
  private static func example(
    _ plugin: CompiledPlugin, _ registry: PluginRegistry, beside siblings: [OptionDescription] = []
  ) -> String {
    if let example = plugin.type.reference.example { return example }
    let options = siblings + plugin.type.optionDescriptions(registry: registry)
    let entries = options.compactMap { option -> String? in
      if case .plugin(let kind) = option.shape {
        guard option.isRequired, let inner = registry.plugins(ofKind: kind).first(where: { $0.name != plugin.name })
        else { return nil }
        return "\(option.key): \(example(inner, registry))"
      }
      guard option.nested.isEmpty else { return nil }
      if option.isRequired { return "\(option.key): path/to/\(option.key)" }
      guard let value = option.defaultValue, value != .null else { return nil }
      return "\(option.key): \(value.flow)"
    }
    return "{\((["use: \(plugin.name)"] + entries).joined(separator: ", "))}"
  }

  /// Asked of the term itself, for a student of two layers and a teacher of four.
  static func reads(_ term: any LossTerm) -> (reads: Reads, words: String)? {
    func card(layers: Int) -> ModelCard {
      ModelCard(
        architecture: "bert", layers: layers, heads: 1, width: 1, embeddingWidth: 1, outputs: 2, maximumLength: 1,
        vocabulary: "", parameters: 0)
    }
    let models = ModelPair(
      teacher: card(layers: 4), student: card(layers: 2), task: .classification(labels: ["no", "yes"]))
    let pair = term.scope == .layer ? LayerPair(student: 1, teacher: 2) : nil
    guard let reads = try? term.reads(models, at: pair) else { return nil }
    func names(_ activations: Set<Activation>, last: Int) -> String {
      let names = activations.map { activation in
        let name = activation.kind.name
        return pair == nil && activation.layer == last ? "\(name) of the last layer" : name
      }
      return names.isEmpty ? "nothing" : names.sorted().joined(separator: ", ")
    }
    let words =
      "once for each \(pair == nil ? "batch" : "pair of mapped layers"); "
      + "teacher: \(names(reads.teacher, last: 4)); student: \(names(reads.student, last: 2))"
    return (reads, words)
  }
}

/// Where a pipeline has plugins of a kind first: what surrounds the mapping with `use` on its line, and the options that stand
/// beside `use` and belong to no plugin. Nil where it has none.
private func place(
  of kind: String, among options: [OptionDescription]
) -> (surround: (String) -> String, siblings: [OptionDescription])? {
  for option in options {
    let isList = option.shape == .sections
    if option.shape == .plugin(kind: kind) { return ({ "\(option.key): \($0)" }, []) }
    if option.nested.contains(where: { $0.shape == .pluginName(kind: kind) }) {
      let siblings = option.nested.filter { $0.shape != .pluginName(kind: kind) }
      return ({ "\(option.key): \(isList ? "[\($0)]" : $0)" }, siblings)
    }
    if let (surround, siblings) = place(of: kind, among: option.nested) {
      return ({ "\(option.key): \(isList ? "[" : "{")\(surround($0))\(isList ? "]" : "}")" }, siblings)
    }
  }
  return nil
}
