import DistillCore

/// A description of a plugin that can be made without running it. `distill plugins describe` prints it, and the reference pages
/// contain it.
package struct PluginDescription: Sendable {
  package let kind: String
  package let name: String
  package let summary: String
  package let reference: PluginReference
  /// For losses, how often they are computed and which activations they read.
  package let reads: String?
  package let options: [OptionDescription]
  /// A line of a pipeline file that uses the plugin, such as `losses: [{use: relational-kl, temperature: 0.1}]`.
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

  /// Returns the plugin as a mapping with its required options and default values. Nested sections are left out.
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

  /// Returns what a term reads, by asking the term itself for a student of two layers and a teacher of four.
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

/// Returns the first place in a pipeline file that takes plugins of a kind, or `nil` if there is none.
///
/// - Returns: A function that writes the keys around the mapping that contains `use`, and the options that are written next to
///   `use` but belong to the pipeline instead of the plugin.
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
