import Foundation

/// The reason why a file cannot be read, in words.
package struct UnreadableFile: Error, CustomStringConvertible {
  package let description: String

  package init(_ file: URL, _ error: any Error) {
    let path = file.resolvingSymlinksInPath().path
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    description =
      switch type {
      case nil: "there is no such file"
      case .typeDirectory: "it is a folder"
      default:
        FileManager.default.isReadableFile(atPath: path)
          ? ((error as? CocoaError)?.underlying ?? error).localizedDescription : "permission denied"
      }
  }
}

/// Returns the first `count` bytes of a file, or all of them if `count` is `nil`.
package func contents(of file: URL, atMost count: Int? = nil) throws(UnreadableFile) -> Data {
  do {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    return try (count.map { try handle.read(upToCount: $0) } ?? handle.readToEnd()) ?? Data()
  } catch {
    throw UnreadableFile(file, error)
  }
}

/// Returns a hint for a path to a missing file: what fetches it, the name of a file beside it that was probably meant, or what paths
/// are relative to.
public func missingFileHint(_ url: URL) -> String {
  if let hint = fetchingHint(url) { return hint }
  let siblings = (try? FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)) ?? []
  let stem = url.deletingPathExtension().lastPathComponent
  // Names are compared without their extension, which most files share and which would make them all look alike.
  let alike = siblings.filter {
    !nearestNames(to: stem, among: [URL(filePath: $0).deletingPathExtension().lastPathComponent]).isEmpty
  }
  let near = nearestNames(to: url.lastPathComponent, among: alike).first
  return near.map { "did you mean `\($0)`?" } ?? "paths are relative to the file that names them"
}

/// Returns a hint for the weights that come with a script, or `nil` for any other file or folder.
public func fetchingHint(_ url: URL) -> String? {
  url.pathComponents.suffix(2).contains("all-MiniLM-L6-v2")
    ? "`Scripts/fetch-minilm` of swift-distill fetches it into the clone's folder `models`" : nil
}
