import Foundation

/// The path of a file or folder in YAML, relative to the folder of the YAML file that contains it.
public struct OptionPath: OptionValue, Sendable, Hashable, ExpressibleByStringLiteral {
  /// The path as it was written.
  public let given: String
  /// The absolute path.
  public let url: URL

  public init(_ given: String, relativeTo folder: URL = URL(filePath: ".")) {
    self.given = given
    url = (given.hasPrefix("/") ? URL(filePath: given) : folder.appending(path: given)).standardizedFileURL
  }

  public init(stringLiteral given: String) { self.init(given) }

  public static var shape: OptionShape { .path }
  /// The absolute path, so that a resolved file has the same meaning in every folder.
  public var yaml: YAMLValue { .text(given.isEmpty ? given : url.path(percentEncoded: false)) }

  public init(_ node: Node, _: OptionContext) throws(Diagnostics) {
    guard let scalar = node.scalar, scalar.isText, !scalar.text.contains("\0") else {
      throw node.mismatch(Self.shape)
    }
    self.init(scalar.text, relativeTo: node.range.source.folder)
  }

  public static func == (a: OptionPath, b: OptionPath) -> Bool { a.url == b.url }
  public func hash(into hasher: inout Hasher) { hasher.combine(url) }
}
