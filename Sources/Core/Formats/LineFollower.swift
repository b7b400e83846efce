import Foundation

/// Reads the lines that another process appends to a file.
package struct LineFollower {
  private let url: URL
  private var inode: ino_t = 0
  private var offset = 0

  package init(_ url: URL) { self.url = url }

  /// Returns the lines that were finished since the last call. A file that does not exist has no lines.
  ///
  /// - Returns: The lines, and whether these are all lines of the file: at the first call, and if it was replaced or shortened.
  /// - Throws: ``FormatError`` if the file cannot be read.
  package mutating func next() throws -> (lines: [String], isWhole: Bool) {
    guard FileManager.default.fileExists(atPath: url.path) else {
      (inode, offset) = (0, 0)
      return ([], true)
    }
    let file = try OpenFile(url, O_RDONLY | O_NONBLOCK)
    let (size, status) = (try file.size(), try file.status())
    if status.st_ino != inode || size < offset { (inode, offset) = (status.st_ino, 0) }
    let bytes = try file.bytes(at: offset, count: size - offset)
    let isWhole = offset == 0
    guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return ([], isWhole) }
    offset += end + 1
    return (bytes[...end].split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }, isWhole)
  }
}
