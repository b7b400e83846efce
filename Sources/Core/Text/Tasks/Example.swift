/// One row of a task's file.
public struct Example: Sendable, Equatable {
  public var text: String
  /// The second text, if the task is about pairs of texts.
  public var pair: String?
  /// The correct answer; `nil` if the file has no answers.
  public var target: Target?
  /// The line of the file, counted from 1.
  public var line: Int
  /// What the example counts in losses on labels. Over the training texts, the mean is 1.
  public var weight: Float = 1

  public init(text: String, pair: String? = nil, target: Target? = nil, line: Int) {
    self.text = text
    self.pair = pair
    self.target = target
    self.line = line
  }
}
