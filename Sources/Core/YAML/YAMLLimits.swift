import DistillOptions
import Foundation

/// What a file may cost before it is refused. The first three hold for each file that is extended, too.
package struct YAMLLimits: Sendable {
  package var bytes = 1 << 20
  /// Levels of nesting. libyaml itself knows no bound.
  package var depth = 64
  /// Nodes that all aliases together may stand for.
  package var aliasedNodes = 10_000
  /// Files in a chain of `extends`.
  package var files = 16
  /// References in all values together; what they stand for may be `bytes` long altogether.
  package var references = 1_000

  package init() {}
}

extension YAMLLimits {
  /// At most one byte more than allowed, which is enough to tell.
  func read(_ file: URL) throws(UnreadableFile) -> Data { try contents(of: file, atMost: bytes + 1) }
}
