import Foundation

/// What a worker is doing, in memory that its driver sees too, so that the mutant is known that ended it.
struct Progress {
  private static let header = 8, perTarget = 3
  private let words: UnsafeMutablePointer<UInt64>
  private let size: Int

  /// Maps a file, which is made if need be.
  init(_ url: URL, targets: Int) throws {
    size = (Self.header + Self.perTarget * targets) * MemoryLayout<UInt64>.size
    let file = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(file) }
    guard file >= 0, ftruncate(file, off_t(size)) == 0,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
    else { throw FuzzError("\(url.path) cannot be shared: \(String(cString: strerror(errno)))") }
    words = memory.bindMemory(to: UInt64.self, capacity: size / MemoryLayout<UInt64>.size)
  }

  /// The mutant at hand.
  var number: UInt64 {
    get { words[0] }
    nonmutating set { words[0] = newValue }
  }
  /// When it was begun, in nanoseconds of the monotonic clock; 0 between mutants.
  var began: UInt64 {
    get { words[1] }
    nonmutating set { words[1] = newValue }
  }
  /// How many mutants are done.
  var done: UInt64 {
    get { words[2] }
    nonmutating set { words[2] = newValue }
  }

  /// Mutants of a target that were taken, and that were refused, and the nanoseconds of both.
  subscript(target: Int) -> (taken: UInt64, refused: UInt64, nanoseconds: UInt64) {
    get {
      let at = Self.header + Self.perTarget * target
      return (words[at], words[at + 1], words[at + 2])
    }
    nonmutating set {
      let at = Self.header + Self.perTarget * target
      (words[at], words[at + 1], words[at + 2]) = newValue
    }
  }

  static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// What keeps the fuzzer itself from working.
struct FuzzError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
