import DistillCore
import Foundation

/// The options of a task and the files with its texts.
package struct TaskOptions: Configurable, Sendable {
  /// The values of the option `use`: tasks of GLUE, and the file formats of custom tasks.
  package static let names = TaskDefinition.names + RowLayout.Format.allCases.map(\.rawValue)

  package var use = ""
  package var train: OptionPaths = ""
  package var validation: OptionPaths?
  package var unlabelled = OptionPaths([])
  package var maximumLength = 128
  package var holdOut: Float = 0
  package var text: String?
  package var pair: String?
  package var label: String?
  package var score: String?
  package var labels: [String]?
  package var separator: FieldSeparator?
  package var isMultilabel = false
  package var labelSeparator: String?
  package var classWeights: ClassWeights?

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    var name = TaskName(text: use)
    visit(
      "use", &name, required: true,
      "A task of GLUE in its own files, or `tsv`, `csv` and `jsonl` for files of one's own.")
    use = name.text
    visit(
      "train", &train, required: true,
      "Training file, or several of them; a pattern such as `part-*.csv` stands for all files that it matches. Files that gzip has "
        + "compressed are decompressed. `[]` if no text has a label, and a teacher answers `unlabelled` ones.")
    visit(
      "validation", &validation,
      "Validation files: are reported, and select the best epoch only if training.keep says so and nothing is held out."
    )
    visit(
      "unlabelled", &unlabelled,
      "Files of further texts for the student, which the teacher answers: in the layout of the task, where answers are ignored, "
        + "or one text in each line.")
    visit("max_length", &maximumLength, in: .atLeast(4), "Most tokens of a sequence, special ones included.")
    visit(
      "hold_out", &holdOut, in: .between(0, 0.5),
      "Share of the training file that nothing is trained on: one half selects the best epoch, the other the knowledge base's K, "
        + "β and τ. With `keep: last` the latter have all of it. A teacher that fits weights to held-out texts has half of those of the "
        + "knowledge base.")
    visit(
      "text", &text,
      "Column of the text, for files of one's own. Default: `text`. In JSON Lines a dot leads deeper: `messages.0.content`."
    )
    visit("pair", &pair, "Column of a second text, for files of one's own.")
    visit("label", &label, "Column of the label, for files of one's own. Default: `label`.")
    visit("score", &score, "Column of the score, for files of one's own: the task is a regression.")
    visit("labels", &labels, "All labels in order. Default: those of the training file, sorted.")
    visit(
      "multilabel", &isMultilabel,
      "Whether a text can have several labels, or none: a list in JSON Lines, in tables a field with `label_separator` between them."
    )
    visit("label_separator", &labelSeparator, "What is between the labels of a text in a table. Default: `|`.")
    visit(
      "class_weights", &classWeights,
      "What labels count in losses on labels: `balanced`, in inverse proportion to their numbers of texts, or `{LABEL: WEIGHT}`, where "
        + "others count 1. They are scaled so that the mean over the training texts is 1.")
    visit("separator", &separator, "What is between the fields of csv: one character, or `tab`. Default: a comma.")
    if !use.isEmpty && !isGeneric {
      for (key, isGiven) in [
        ("text", text != nil), ("pair", pair != nil), ("label", label != nil), ("score", score != nil),
        ("labels", labels != nil), ("separator", separator != nil),
        ("multilabel", isMultilabel), ("label_separator", labelSeparator != nil),
      ] where isGiven {
        visit.reject(
          key, key == "labels" ? "the labels of \(use) are fixed" : "the columns of \(use) are fixed",
          hint: "take it out, or choose columns and labels with `use: tsv`, `use: csv` or `use: jsonl`", given: ["use"])
      }
    } else if labelSeparator?.isEmpty == true || (labelSeparator != nil && !isMultilabel) {
      visit.reject(
        "label_separator", "separates the labels of `multilabel: true`, and is not empty", given: ["multilabel"])
    } else if classWeights != nil && (score != nil || isMultilabel || use == "sts-b") {
      visit.reject(
        "class_weights", "a regression has no classes to weigh, and several labels of a text have thresholds instead",
        given: ["multilabel", "score"])
    } else if score != nil && isMultilabel {
      visit.reject("multilabel", "a regression has no labels", given: ["score"])
    } else if separator != nil, !use.isEmpty, use != "csv" {
      visit.reject("separator", "only csv has a separator of one's choice", given: ["use"])
    } else if score != nil && (label != nil || labels != nil) {
      visit.reject("score", "a task has labels or scores, not both", given: ["label", "labels"])
    }
    for (index, column) in columns.enumerated() {
      if let other = columns[..<index].first(where: { $0.name == column.name }) {
        visit.reject(
          column.key, "`\(column.name)` is the column of `\(other.key)` already", given: columns.map(\.key))
      }
    }
    if let labels {
      for (index, label) in labels.enumerated() where labels[..<index].contains(label) {
        visit.reject("labels[\(index)]", "the label `\(label)` is listed twice")
      }
      if labels.count < 2 { visit.reject("labels", "a task has at least two labels") }
    }
  }

  /// The options that name columns, with the names of the columns.
  var columns: [(key: String, name: String)] {
    guard isGeneric || use.isEmpty else { return [] }
    let target = score.map { ("score", $0) } ?? ("label", label ?? "label")
    return [("text", text ?? "text")] + (pair.map { [("pair", $0)] } ?? []) + [target]
  }

  private var isGeneric: Bool { RowLayout.Format(rawValue: use) != nil }
}

/// The name of a task, restricted to the known ones.
private struct TaskName: OptionValue {
  let text: String

  init(text: String) { self.text = text }

  static var shape: OptionShape { .choice(TaskOptions.names) }
  var yaml: YAMLValue { .text(text) }

  init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    guard let scalar = node.scalar, scalar.isText, TaskOptions.names.contains(scalar.text) else {
      throw node.mismatch(Self.shape)
    }
    text = scalar.text
  }
}

/// What is between the fields of CSV.
package struct FieldSeparator: OptionValue, Sendable {
  let byte: UInt8

  package static var shape: OptionShape { .text }
  package var yaml: YAMLValue { .text(byte == UInt8(ascii: "\t") ? "tab" : String(UnicodeScalar(byte))) }

  package init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    let text = try String(node, context)
    let byte = text == "tab" ? UInt8(ascii: "\t") : text.utf8.first
    guard let byte, text.utf8.count == 1 || text == "tab", byte < 128, !Array("\"\r\n".utf8).contains(byte) else {
      throw Diagnostics(
        Diagnostic("a separator is one ASCII character or `tab`, and no quotation mark", at: node.range))
    }
    self.byte = byte
  }
}
