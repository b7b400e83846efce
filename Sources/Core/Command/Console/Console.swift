import ArgumentParser
import Foundation

/// Standard output for results, standard error for everything else.
enum Console {
  static func output(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
  static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  static var isTerminal: Bool { isatty(2) != 0 }
  static var hasColours: Bool { isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil }

  /// The bytes of a file, or of standard input for `-`; there is at least one.
  static func input(_ file: String) throws -> [UInt8] {
    let name = file == "-" ? "standard input" : file
    let bytes: Data?
    do {
      bytes = try file == "-" ? FileHandle.standardInput.readToEnd() : Data(contentsOf: URL(filePath: file))
    } catch {
      throw ValidationError("\(name) cannot be read: \(error.localizedDescription)")
    }
    guard let bytes, !bytes.isEmpty else { throw ValidationError("\(name) is empty") }
    return [UInt8](bytes)
  }
}
