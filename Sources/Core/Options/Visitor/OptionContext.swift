/// What a value needs to know beyond its node.
public struct OptionContext: Sendable {
  public let range: OptionRange

  public init(range: OptionRange) { self.range = range }
}
