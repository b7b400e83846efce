import DistillCore
import DistillPipeline
import Foundation

/// How long and how fast teacher and student are trained: as the starter task, BANKING77 and GLUE in Docs/Results.md.
public struct StarterRecipe: Sendable {
  public let teacherEpochs: Int
  /// As YAML writes it.
  public let teacherRate: String
  public let studentEpochs: Int
  /// As YAML writes it.
  public let studentRate: String
  /// The share of the student's steps in which the layers are taught one after the other, as YAML writes it, or `nil` for all at once
  /// with the soft labels.
  public let layersShare: String?

  /// For texts that are sorted by topic, of which there are a few thousand at most: those of the starter task.
  static let fewTopics = StarterRecipe(
    teacherEpochs: 6, teacherRate: "1e-4", studentEpochs: 24, studentRate: "2e-4", layersShare: "0.375")
  /// For more of them, and for several labels and scores, where nothing was compared: those of BANKING77. Where few end was not measured.
  static let topics = StarterRecipe(
    teacherEpochs: 6, teacherRate: "1e-4", studentEpochs: 12, studentRate: "2e-4", layersShare: nil)
  /// For pairs of texts and the tasks of GLUE.
  static let benchmark = StarterRecipe(
    teacherEpochs: 4, teacherRate: "5e-5", studentEpochs: 8, studentRate: "1e-4", layersShare: nil)
}

/// What a first pipeline is about, for `distill init`.
public struct StarterTask: Sendable {
  /// The value of `task.use`: a task of GLUE, or the format of files of the user's own.
  public let use: String
  /// The name of the pipeline, which consists of letters, digits, `-`, `_` and `.`.
  public let name: String
  /// The options of the section `task` below `use`, with comments and indented by two blanks. `nil` if the files are not known.
  public let lines: String?
  /// The folder of the encoder that the teacher begins as, relative to that of the pipeline file, as YAML.
  public let checkpoint: String
  /// The layers of that encoder that the student begins with, counted from 1: every second one.
  public let studentLayers: [Int]
  /// Whether an example has two texts.
  public let hasPairs: Bool
  /// Whether the encoder was trained to read one text of a pair at a time.
  public let readsPairsApart: Bool
  /// How long and how fast teacher and student are trained.
  public let recipe: StarterRecipe

  /// Creates the task of files that are not known.
  init(named use: String) {
    (self.use, name, lines, checkpoint, studentLayers) = (use, use, nil, TokenCounter.usual, [2, 4, 6])
    hasPairs = TaskDefinition.named(use)?.hasPairs ?? false
    readsPairsApart = hasPairs
    recipe = TaskDefinition.named(use) == nil ? .fewTopics : .benchmark
  }

  /// Creates the task of files that were inspected.
  ///
  /// - Parameters:
  ///   - task: The task that was suggested for them.
  ///   - file: What is in the training file.
  ///   - counter: What has measured the texts.
  ///   - layers: The number of layers of the encoder, if it is known.
  ///   - folder: The folder of the pipeline file.
  init(_ task: SuggestedTask, _ file: FileInspection, _ counter: TokenCounter, layers: Int?, folder: URL) {
    use = task.use
    name = Self.name(of: file.source.file)
    checkpoint =
      YAMLValue.text(relativePath(URL(filePath: counter.folder ?? TokenCounter.usual), from: folder))
      .escapingReferences.flow
    let (layers, kept) = (layers ?? 6, max(1, (layers ?? 6) / 2))
    studentLayers = (1...kept).map { $0 * layers / kept }
    // The folder of a sentence encoder has this file. The usual encoder, whose folder may be fetched later, is one.
    let isSentenceEncoder =
      counter.folder.map { FileManager.default.fileExists(atPath: $0 + "/modules.json") } ?? true
    hasPairs = TaskDefinition.named(use)?.hasPairs ?? task.entries.contains { $0.key == "pair" }
    readsPairsApart = isSentenceEncoder && hasPairs
    let hasOneLabel = !task.entries.contains { ["multilabel", "score"].contains($0.key) }
    recipe =
      if hasPairs || TaskDefinition.named(use) != nil {
        .benchmark
      } else {
        hasOneLabel && file.rows < 5_000 ? .fewTopics : .topics
      }
    lines = task.entries.map { entry -> String in
      let comments = Self.comments(on: entry.key, file, counter, hasValidation: task.validation != nil)
      return (comments.map { "  # \($0)" } + ["  \(entry.key): \(entry.value.escapingReferences.flow)"])
        .joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// A name from that of the training file, or of its folder if the file is called `train`.
  private static func name(of file: URL?) -> String {
    guard let file = file?.standardizedFileURL else { return "texts" }
    let stem = file.lastPathComponent.prefix { $0 != "." }
    let name = stem == "train" ? file.deletingLastPathComponent().lastPathComponent[...] : stem
    let plain = name.unicodeScalars.map { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        || "-_".unicodeScalars.contains(scalar)
        ? Character(scalar) : "-"
    }
    return plain.contains { $0.isLetter } ? String(plain) : "texts"
  }

  private static func comments(
    on key: String, _ file: FileInspection, _ counter: TokenCounter, hasValidation: Bool
  ) -> [String] {
    switch key {
    case "train": return trainingComments(file) + (hasValidation ? [] : validationComments)
    case "validation":
      return [
        "Validation files: are reported, and select the best epoch only if training.keep says so and",
        "nothing is held out.",
      ]
    case "text": return ["Column of the text."]
    case "pair": return ["Column of a second text."]
    case "label": return ["Column of the label."]
    case "multilabel": return ["Whether a text can have several labels, or none."]
    case "score": return ["Column of the score: the task is a regression."]
    case "separator": return ["What is between the fields of csv."]
    case "max_length":
      let unit = counter.folder == nil ? "words, each of which is taken for two tokens" : "tokens"
      return [
        "Most tokens of a sequence, special ones included. 99 % of the training texts have at most",
        "\(file.lengths.quantile(0.99)) \(unit); the longest has \(file.lengths.longest).",
      ]
    default:
      return [
        "Share of the training file that nothing is trained on: one half selects the best epoch, the",
        "other the knowledge base's K, β and τ. With `keep: last` the latter have all of it.",
      ]
    }
  }

  private static func trainingComments(_ file: FileInspection) -> [String] {
    if file.labels.isEmpty { return ["Training file: \(file.rows) rows."] }
    return [
      "Training file: \(file.rows) rows. Its \(file.labels.count) labels are collected from it; `labels: [...]` would fix",
      "their order.",
    ]
  }

  private static let validationComments = [
    "There is no validation file, so the report compares nothing. What is held out below only selects;",
    "figures on it are too high. A file that nothing is chosen by would be reported:",
    "validation: validation.csv",
  ]
}
