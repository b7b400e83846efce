import DistillCore

/// A first pipeline file: a teacher with ReAugKD's head, half as many layers for the student, a knowledge base. What a key
/// means stands above it, in the words of the option itself.
public struct StarterPipeline {
  public let text: String

  /// - `task`: one of ``TaskOptions/names``.
  public init(task: String, registry: PluginRegistry) {
    let introduction = """
      # A student that learns a task from a larger teacher. Change the paths to your own; they are relative to this file.
      #   distill validate FILE              does it fit together? Nothing is run.
      #   distill run FILE                   then: distill evaluate runs/\(task)
      #   distill plugins describe NAME      other losses, schedules and retrievers: distill plugins
      #   distill schema --help              completion in editors

      """
    var comments = Comments(registry)
    let lines = Self.template(task).split(separator: "\n").map { line in
      (line.hasPrefix(" ") ? "" : "\n") + comments.above(line) + line + "\n"
    }
    text = introduction + lines.joined()
  }

  private static func template(_ task: String) -> String {
    """
    version: \(PipelineOptions.version)
    name: \(task)
    task:
      use: \(task)
    \(files(task))
      max_length: 128
      hold_out: 0.1
    teacher:
      use: supervised-contrastive-head
      base:
        use: bert
        checkpoint: models/all-MiniLM-L6-v2
        pooler: fresh
        fine_tune: {epochs: 4, learning_rate: 5e-5}
      fit: {epochs: 5, learning_rate: 1e-3}
    student:
      use: bert
      from_teacher_layers: [2, 4, 6]
    losses:
      - use: soft-cross-entropy
        temperature: 1
        hard_weight: 0
      - use: relational-kl
        weight: 1
        temperature: 0.1
    knowledge_base:
      retriever: {use: hnsw}
      neighbours: 8
      beta: 0.5
      temperature: 0.1
    training:
      epochs: 6
      batch_size: 32
      learning_rate: 5e-5
      seed: 42
    precision: float32
    output: runs/\(task)
    """
  }

  private static func files(_ task: String) -> String {
    guard let folder = folders[task] else {
      return """
          train: train.\(task)
          validation: validation.\(task)
          text: text
          label: label
        """
    }
    let validation = task == "mnli" ? "dev_matched" : "dev"
    return """
        train: data/\(folder)/train.tsv
        validation: data/\(folder)/\(validation).tsv
      """
  }

  /// As GLUE's own archives unpack.
  private static let folders = [
    "mrpc": "MRPC", "rte": "RTE", "cola": "CoLA", "sst-2": "SST-2", "sts-b": "STS-B", "qnli": "QNLI", "qqp": "QQP",
    "mnli": "MNLI", "wnli": "WNLI",
  ]
}

/// Follows a template by its indentation, and knows the option of each line.
private struct Comments {
  private let registry: PluginRegistry
  /// One for each two blanks of indentation.
  private var levels: [Level]

  private struct Level {
    let options: [OptionDescription]
    /// The kind of the plugin that `use` names here.
    let kind: String?
    /// Its options, once it is named.
    var chosen: [OptionDescription] = []

    init(_ options: [OptionDescription], kind: String? = nil) { (self.options, self.kind) = (options, kind) }

    init(inside option: OptionDescription) {
      if case .plugin(let kind) = option.shape {
        self.init([], kind: kind)
      } else {
        for case .pluginName(let kind) in option.nested.map(\.shape) {
          self.init(option.nested, kind: kind)
          return
        }
        self.init(option.nested)
      }
    }
  }

  init(_ registry: PluginRegistry) {
    self.registry = registry
    levels = [Level(PipelineOptions.optionDescriptions(registry: registry))]
  }

  /// The comment for a line, with the line's indentation.
  mutating func above(_ line: Substring) -> String {
    let content = line.drop { $0 == " " || $0 == "-" }
    let depth = (line.count - content.count) / 2
    let parts = content.split(separator: ":", maxSplits: 1).map { String($0.trimmingPrefix(" ")) }
    levels = Array(levels.prefix(depth + 1))
    guard let level = levels.last, let key = parts.first else { return "" }
    let indent = line.prefix { $0 == " " }.count
    if key == "use", let kind = level.kind,
      let plugin = registry.plugins(ofKind: kind).first(where: { $0.name == parts.last })
    {
      levels[levels.count - 1].chosen = plugin.type.optionDescriptions(registry: registry)
      return Self.wrapped(plugin.type.summary, indent: indent)
    }
    guard let option = (level.chosen + level.options).first(where: { $0.key == key }) else { return "" }
    levels.append(Level(inside: option))
    // The dash of a list is a level of indentation without options of its own.
    if option.shape == .sections { levels.append(Level(inside: option)) }
    return Self.wrapped(option.summary, indent: indent)
  }

  private static func wrapped(_ text: String, indent: Int) -> String {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, indent + last.count + word.count < 96 {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines.map { String(repeating: " ", count: indent) + "# \($0)\n" }.joined()
  }
}
