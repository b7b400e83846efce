/// The information that a value needs for decoding in addition to its node.
public struct OptionContext: Sendable {
  /// The range in which numbers must lie.
  public let range: OptionRange

  public init(range: OptionRange) { self.range = range }
}
