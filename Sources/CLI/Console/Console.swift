import Foundation

/// Standard output for results, standard error for everything else.
enum Console {
  static func output(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
  static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  static var isTerminal: Bool { isatty(2) != 0 }
  static var hasColours: Bool { isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil }

  /// The bytes of a file, or of standard input for `-`.
  static func input(_ file: String) throws -> [UInt8] {
    if file == "-" { return [UInt8](try FileHandle.standardInput.readToEnd() ?? Data()) }
    return [UInt8](try Data(contentsOf: URL(filePath: file)))
  }
}
