import ArgumentParser
import DistillCore
import Foundation

/// Standard output for results, standard error for everything else.
enum Console {
  static func output(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
  static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// Shows what is wrong, if anything is.
  static func show(_ diagnostics: Diagnostics) {
    if !diagnostics.list.isEmpty { error(diagnostics.rendered(colour: hasColours)) }
  }

  static var isTerminal: Bool { isatty(2) != 0 }
  static var hasColours: Bool { isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil }

  /// The bytes of a file, or of standard input for `-`; there is at least one.
  static func input(_ file: String) throws -> [UInt8] {
    let name = file == "-" ? "standard input" : file
    if file != "-" { try check(file, isFolder: false) }
    let bytes: Data?
    do {
      bytes = try file == "-" ? FileHandle.standardInput.readToEnd() : Data(contentsOf: URL(filePath: file))
    } catch {
      throw ValidationError("\(name) cannot be read: \(error.localizedDescription)")
    }
    guard let bytes, !bytes.isEmpty else { throw ValidationError("\(name) is empty") }
    return [UInt8](bytes)
  }

  /// - Throws: where the command line names what is not there, may not be read, or is no folder (or no file).
  static func check(_ path: String, isFolder: Bool) throws {
    let manager = FileManager.default
    let url = URL(filePath: path).resolvingSymlinksInPath()
    guard let type = try? manager.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType else {
      throw ValidationError("there is no \(isFolder ? "folder" : "file") \(path)")
    }
    guard (type == .typeDirectory) == isFolder else {
      throw ValidationError("\(path) is \(isFolder ? "not a folder" : "a folder, not a file")")
    }
    guard manager.isReadableFile(atPath: url.path) else { throw ValidationError("\(path) may not be read") }
  }
}
