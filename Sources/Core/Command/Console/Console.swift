import ArgumentParser
import DistillCore
import Foundation

/// Standard output for results, standard error for everything else.
enum Console {
  /// Writes a result and a line end. Where that cannot be, the process ends: with status 1 and a word about it, or as one
  /// does whose reader has seen enough.
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

  /// Writes to whoever looks on. That nobody can is no reason to end anything.
  static func error(_ text: String) { draw(text.escapingControls(except: true) + "\n") }

  /// The same, of text that may drive the terminal.
  static func draw(_ text: String) { try? StandardStream.error.write(text) }

  /// Shows what is wrong, if anything is.
  static func show(_ diagnostics: Diagnostics) {
    if !diagnostics.list.isEmpty { draw(diagnostics.rendered(colour: hasColours) + "\n") }
  }

  static var isTerminal: Bool { isatty(2) != 0 }
  static var hasColours: Bool { isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil }

  /// The bytes of a file of text, or of standard input for `-`; there is at least one.
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
