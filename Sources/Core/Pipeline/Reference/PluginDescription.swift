import DistillCore

/// What can be said of a plugin without running it: `distill plugins describe` prints it, the reference pages show it.
public struct PluginDescription: Sendable {
  public let kind: String
  public let name: String
  public let summary: String
  public let reference: PluginReference
  /// For losses: when they count and which activations they ask for.
  public let reads: String?
  public let options: [OptionDescription]
  /// A line of a pipeline file with the plugin at its place: `losses: [{use: relational-kl, temperature: 0.1}]`.
  public let example: String

  public init(_ plugin: CompiledPlugin, registry: PluginRegistry) {
    let pipeline = PipelineOptions.optionDescriptions(registry: registry)
    (kind, name, summary) = (plugin.kind, plugin.name, plugin.type.summary)
    reference = plugin.type.reference
    reads = (plugin.type.init() as? any LossTerm).flatMap(Self.reads)?.words
    let place = PluginPlace(of: kind, among: pipeline)
    options = plugin.type.optionDescriptions(registry: registry) + (place?.siblings ?? [])
    let mapping = Self.example(plugin, registry, beside: place?.siblings ?? [])
    example = place?.line(around: mapping) ?? mapping
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
        let name = String(activation.description.prefix { $0 != ":" })
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

/// Where a pipeline file has plugins of a kind.
private struct PluginPlace {
  /// What surrounds the mapping with `use` on its line.
  private let before: String
  private let after: String
  /// The options that stand beside `use` and belong to no plugin.
  let siblings: [OptionDescription]

  /// Nil where a pipeline has no such plugins.
  init?(of kind: String, among options: [OptionDescription]) {
    for option in options {
      if option.shape == .plugin(kind: kind) {
        (before, after, siblings) = ("\(option.key): ", "", [])
        return
      }
      let (open, close) = option.shape == .sections ? ("[", "]") : ("{", "}")
      if option.nested.contains(where: { $0.shape == .pluginName(kind: kind) }) {
        (before, after) = option.shape == .sections ? ("\(option.key): [", "]") : ("\(option.key): ", "")
        siblings = option.nested.filter { $0.shape != .pluginName(kind: kind) }
        return
      }
      if let inner = PluginPlace(of: kind, among: option.nested) {
        (before, after) = ("\(option.key): \(open)\(inner.before)", "\(inner.after)\(close)")
        siblings = inner.siblings
        return
      }
    }
    return nil
  }

  func line(around mapping: String) -> String { before + mapping + after }
}
