import Foundation

/// One path or several, whose last parts may be patterns such as `part-*.csv`.
public struct OptionPaths: OptionValue, Sendable, Hashable, ExpressibleByStringLiteral {
  public let list: [OptionPath]
  /// Whether they are written as a list, which may have a single item.
  let isList: Bool

  public init(_ list: [OptionPath]) { (self.list, isList) = (list, list.count != 1) }

  public init(stringLiteral given: String) { self.init([OptionPath(given)]) }

  public static var shape: OptionShape { .either([.path, .list(.path)]) }
  public var yaml: YAMLValue { isList ? list.yaml : list[0].yaml }

  public init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    isList = node.items != nil
    list = try node.items == nil ? [OptionPath(node, context)] : [OptionPath](node, context)
  }

  /// The place of each path, such as `task.train` or `task.train[1]`, if the option is at `place`.
  package func places(at place: String) -> [(place: String, path: OptionPath)] {
    isList ? list.enumerated().map { ("\(place)[\($0)]", $1) } : [(place, list[0])]
  }

  public static func == (a: OptionPaths, b: OptionPaths) -> Bool { a.list == b.list }
  public func hash(into hasher: inout Hasher) { hasher.combine(list) }
}
