import Synchronization

/// The memory that encoding a text needs, which is used again for the next text.
struct Workspace: Sendable {
  /// The text as it is.
  var raw: [UInt8] = []
  /// A part of the text, normalised and, by some steps of splitting, rewritten; and the place for its next form.
  var text: [UInt8] = []
  var nextText: [UInt8] = []
  /// The words of `text`, and the place for the words of the next step.
  var words: [Range<Int>] = []
  var nextWords: [Range<Int>] = []
  /// Whether the normalised part begins with what the text begins with.
  var keepsBeginning = true
  var ids: [Int32] = []
  var cache = WordCache()
  var merging = Merging()
  var lattice = Lattice()

  /// The capacity, in bytes of text, above which the memory is not kept for the next text.
  private static let kept = 1 << 20

  mutating func trim() {
    guard max(raw.capacity, text.capacity, nextText.capacity) > Self.kept else { return }
    let cache = cache
    self = Workspace()
    self.cache = cache
  }
}

/// Workspaces that calls of `encode` on any thread take and give back.
///
/// A call tries one lock after another without waiting, and makes a workspace of its own if all are taken.
final class Workspaces: Sendable {
  private final class Slot: Sendable { let workspace = Mutex(Workspace()) }
  private let slots = (0..<32).map { _ in Slot() }

  func with<Result: Sendable>(_ body: (inout Workspace) -> Result) -> Result {
    for slot in slots {
      let result = slot.workspace.withLockIfAvailable { workspace in
        defer { workspace.trim() }
        return body(&workspace)
      }
      if let result { return result }
    }
    var workspace = Workspace()
    return body(&workspace)
  }
}
