import ArgumentParser
import DistillCore
import Foundation

/// The output of the program: results go to standard output and everything else to standard error.
enum Console {
  /// Writes a result and a line feed.
  ///
  /// If that fails, the process ends with a message and status 1. If the reader has closed the pipe, as `head` does, the process
  /// ends silently by the signal that the shell expects.
  static func output(_ text: String) {
    do { try StandardStream.output.write(text + "\n") } catch {
      if error.isClosedPipe {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        exit(128 + SIGPIPE)
      }
      Console.error("error: \(error)")
      exit(1)
    }
  }

  /// Writes a line to standard error. A failure is ignored, because a log that cannot be written should not end a training.
  static func error(_ text: String) { draw(text.escapingControls(except: true) + "\n") }

  /// Writes text to standard error without escaping control sequences.
  static func draw(_ text: String) { try? StandardStream.error.write(text) }

  /// Prints diagnostics, if there are any.
  static func show(_ diagnostics: Diagnostics) {
    if !diagnostics.list.isEmpty { draw(diagnostics.rendered(colour: hasColours) + "\n") }
  }

  static var isTerminal: Bool { isatty(2) != 0 }
  static var hasColours: Bool { isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil }

  /// Returns the bytes of a text file, or of standard input for `-`, without a byte-order mark.
  ///
  /// Throws `ValidationError` if the file cannot be read or is empty.
  static func input(_ file: String) throws -> [UInt8] {
    let name = file == "-" ? "standard input" : file
    if file != "-" { try check(file, isFolder: false) }
    let bytes: [UInt8]
    do {
      bytes = try file == "-" ? StandardStream.input.read() : [UInt8](FileSystem.contents(of: URL(filePath: file)))
    } catch {
      throw ValidationError("\(error)")
    }
    let text = withoutByteOrderMark(bytes)
    if text.isEmpty { throw ValidationError("\(name) is empty") }
    return text
  }

  /// Checks a path of the command line.
  ///
  /// - Throws: `ValidationError` if nothing is at the path, if it is not readable, or if it is not a folder (or not a file).
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
