import DistillOptions
import Foundation

/// The limits beyond which a file is refused.
///
/// The first three also apply to each file that is extended.
package struct YAMLLimits: Sendable {
  /// The size of the file in bytes.
  package var bytes = 1 << 20
  /// The number of levels of nesting. libyaml has no limit of its own.
  package var depth = 64
  /// The total number of nodes that all aliases stand for.
  package var aliasedNodes = 10_000
  /// The number of files in a chain of `extends`.
  package var files = 16
  /// The number of references in all values. The values that replace them may have `bytes` bytes in total.
  package var references = 1_000

  package init() {}
}

extension YAMLLimits {
  /// Reads a file up to one byte more than the limit, which is enough to see that it is too large.
  func read(_ file: URL) throws(UnreadableFile) -> Data { try contents(of: file, atMost: bytes + 1) }
}
