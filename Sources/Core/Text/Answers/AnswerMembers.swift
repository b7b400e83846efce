import DistillOptions

/// The names of the members that a line of recorded answers has. A dot leads deeper, as in the columns of a task.
public struct AnswerMembers: Configurable, Sendable {
  public var text = "text"
  public var pair = "pair"
  /// The member with the label, or `nil` for `label`, and `labels` where several can apply.
  public var label: String?
  public var confidence = "confidence"
  public var score = "score"
  public var probabilities = "probabilities"
  public var logprobs = "logprobs"
  public var logits = "logits"
  public var embedding = "embedding"

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("text", &text, "The text.")
    visit("pair", &pair, "The second text of a pair.")
    visit(
      "label", &label, "The label, or a list of all that apply. Default: `label`; `labels` where several can apply.")
    visit("confidence", &confidence, "How probable the label is.")
    visit("score", &score, "The score, for regression.")
    visit(
      "probabilities", &probabilities, "A mapping of labels to probabilities, or a list in the order of the labels.")
    visit("logprobs", &logprobs, "The same as natural logarithms.")
    visit("logits", &logits, "The same as numbers whose softmax (sigmoid, where several labels can apply) is meant.")
    visit("embedding", &embedding, "A vector that represents the text.")
  }
}
