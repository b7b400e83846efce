import Foundation

/// Folders that are written atomically together with a list of their files' checksums, so that damage is detected on reading.
///
/// The list is a file called `SHA256SUMS`, which `sha256sum -c SHA256SUMS` can check as well.
package enum SealedFolder {
  static let listName = "SHA256SUMS"

  /// Creates or replaces the folder at `url` like ``AtomicFolder/write(to:_:)``, and adds the list of checksums.
  package static func write(to url: URL, _ build: (URL) throws -> Void) throws {
    try AtomicFolder.write(to: url) { folder in
      try build(folder)
      let lines = try FileSystem.files(below: folder).map {
        "\(try Checksum.hexDigest(ofFile: $0))  \($0.standardizedFileURL.path.dropFirst(folder.standardizedFileURL.path.count + 1))\n"
      }
      try AtomicFile.write(Data(lines.joined().utf8), to: folder.appending(path: listName))
    }
  }

  /// Returns whether a folder has a list of checksums.
  package static func isSealed(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.appending(path: listName).path)
  }

  /// Compares every listed file with its checksum. Files that are not in the list are ignored.
  ///
  /// - Throws: ``FormatError`` with the path of the first file that is missing or has changed, or if there is no list.
  package static func check(_ url: URL) throws {
    let list = url.appending(path: listName)
    guard let text = try? String(contentsOf: list, encoding: .utf8),
      !text.isEmpty || FileSystem.files(below: url).allSatisfy({ $0.lastPathComponent == listName })
    else {
      throw FormatError(file: list, "is missing or cannot be read; it tells whether the files beside it are whole")
    }
    for line in text.split(separator: "\n") {
      let (sum, name) = (String(line.prefix(64)), String(line.dropFirst(66)))
      let file = url.appending(path: name)
      guard line.dropFirst(64).hasPrefix("  "), !name.isEmpty, !name.hasPrefix("/"),
        !name.split(separator: "/").contains("..")
      else {
        throw FormatError(file: list, "is damaged: a line of it is no checksum and name")
      }
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw FormatError(file: file, "is missing, though \(listName) lists it")
      }
      guard try Checksum.hexDigest(ofFile: file) == sum else {
        throw FormatError(
          file: file,
          "is damaged: its checksum is not the one in \(listName); where it was changed on purpose, remove that list")
      }
    }
  }
}
