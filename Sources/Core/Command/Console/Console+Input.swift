import DistillCore
import Foundation

extension Console {
  /// Returns the bytes of a text file, or of standard input for `-`, without a byte-order mark.
  ///
  /// Throws `InputError` if the file cannot be read or is empty.
  static func input(_ file: String) throws -> [UInt8] {
    let name = file == "-" ? "standard input" : file
    if file != "-" { try check(file, isFolder: false) }
    let bytes: [UInt8]
    do {
      bytes = try file == "-" ? StandardStream.input.read() : [UInt8](FileSystem.contents(of: URL(filePath: file)))
    } catch {
      throw InputError("\(error)")
    }
    let text = withoutByteOrderMark(bytes)
    if text.isEmpty { throw InputError("\(name) is empty") }
    return text
  }

  /// Checks a path of the command line.
  ///
  /// - Throws: `InputError` if nothing is at the path, if it is not readable, or if it is not a folder (or not a file).
  static func check(_ path: String, isFolder: Bool) throws {
    let manager = FileManager.default
    let url = URL(filePath: path).resolvingSymlinksInPath()
    guard let type = try? manager.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType else {
      let hint = fetchingHint(url).map { "; \($0)" } ?? ""
      throw InputError("there is no \(isFolder ? "folder" : "file") \(path)\(hint)")
    }
    guard (type == .typeDirectory) == isFolder else {
      throw InputError("\(path) is \(isFolder ? "not a folder" : "a folder, not a file")")
    }
    guard manager.isReadableFile(atPath: url.path) else { throw InputError("\(path) may not be read") }
  }
}
