import DistillCore
import Foundation

/// What is learnt, and the files that it is learnt from.
public struct TaskOptions: Configurable, Sendable {
  public var use = ""
  public var train: OptionPath = ""
  public var validation: OptionPath?
  public var maximumLength = 128
  public var holdOut: Float = 0
  public var text: String?
  public var pair: String?
  public var label: String?
  public var score: String?
  public var labels: [String]?

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    let names = TaskDefinition.names + ["tsv", "jsonl"]
    visit("use", &use, required: true, "The task: \(names.joined(separator: ", ")).")
    visit("train", &train, required: true, "Training file.")
    visit(
      "validation", &validation,
      "Validation file: selects the best epoch, unless examples are held out, and is reported.")
    visit("max_length", &maximumLength, in: .atLeast(4), "Most tokens of a sequence, special ones included.")
    visit(
      "hold_out", &holdOut, in: .between(0, 0.5),
      "Share of the training file that nothing is trained on: it selects the best epoch and the knowledge base's K, β and τ."
    )
    visit("text", &text, "Column of the text, for tsv and jsonl. Default: `text`.")
    visit("pair", &pair, "Column of a second text, for tsv and jsonl.")
    visit("label", &label, "Column of the label, for tsv and jsonl. Default: `label`.")
    visit("score", &score, "Column of the score, for tsv and jsonl: the task is a regression.")
    visit("labels", &labels, "All labels in order. Default: those of the training file, sorted.")
    if !names.contains(use) {
      let near = nearestNames(to: use, among: names).first.map { "did you mean `\($0)`?" }
      visit.reject("use", "unknown task `\(use)`", hint: near ?? "known here: \(names.joined(separator: ", "))")
    }
    if !isGeneric {
      for (key, value) in [("text", text), ("pair", pair), ("label", label), ("score", score)] where value != nil {
        visit.reject(key, "the columns of \(use) are fixed", hint: "columns are chosen with `use: tsv` or `use: jsonl`")
      }
    } else if score != nil && (label != nil || labels != nil) {
      visit.reject("score", "a task has labels or scores, not both")
    }
    if let labels, Set(labels).count < max(labels.count, 2) {
      visit.reject("labels", "a task has at least two labels, all different")
    }
  }

  private var isGeneric: Bool { use == "tsv" || use == "jsonl" }
}
