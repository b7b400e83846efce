/// How BERT's normaliser changes a text before it is cut into words.
public struct Normalization: Sendable, Equatable {
  /// Maps every scalar to its lower case.
  public var lowercase: Bool
  /// Decomposes canonically and drops nonspacing marks.
  public var stripAccents: Bool
  /// Puts spaces around CJK ideographs.
  public var spaceIdeographs: Bool

  /// - `stripAccents`: `nil` follows `lowercase`, as BERT does.
  public init(lowercase: Bool = true, stripAccents: Bool? = nil, spaceIdeographs: Bool = true) {
    self.lowercase = lowercase
    self.stripAccents = stripAccents ?? lowercase
    self.spaceIdeographs = spaceIdeographs
  }
}
