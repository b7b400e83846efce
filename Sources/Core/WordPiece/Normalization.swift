/// The options of BERT's normaliser, which changes a text before it is split into words.
public struct Normalization: Sendable, Equatable {
  /// Whether every scalar is mapped to lower case.
  public var lowercase: Bool
  /// Whether scalars are canonically decomposed and nonspacing marks are removed.
  public var stripAccents: Bool
  /// Whether CJK ideographs are surrounded by spaces, so that each becomes a word.
  public var spaceIdeographs: Bool

  /// Creates options.
  ///
  /// - `stripAccents`: If this is `nil`, it takes the value of `lowercase`, as in BERT.
  public init(lowercase: Bool = true, stripAccents: Bool? = nil, spaceIdeographs: Bool = true) {
    self.lowercase = lowercase
    self.stripAccents = stripAccents ?? lowercase
    self.spaceIdeographs = spaceIdeographs
  }
}
