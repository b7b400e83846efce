import Foundation

/// Foundation's calls on files and folders; what they throw names the path and the system's reason.
public enum FileSystem {
  /// Makes a folder, and those above it that are missing. One that is there is left as it is.
  public static func makeFolder(_ url: URL) throws {
    try told(url, "make this folder") {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
  }

  /// Removes a file, or a folder with all that is in it; where there is nothing, nothing is done.
  public static func remove(_ url: URL) throws {
    do {
      try told(url, "remove it") { try FileManager.default.removeItem(at: url) }
    } catch  where (try? FileManager.default.attributesOfItem(atPath: url.path)) == nil {
      return  // somebody else did
    }
  }

  /// Copies a file, or a folder with all that is in it, to where nothing is.
  public static func copy(_ url: URL, to target: URL) throws {
    try told(target, "copy \(url.path) to it") { try FileManager.default.copyItem(at: url, to: target) }
  }

  /// The names in a folder, sorted; hidden ones too.
  public static func names(in folder: URL) throws -> [String] {
    try told(folder, "list it") { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  /// All bytes of a file, a pipe or a device.
  public static func contents(of url: URL) throws -> Data {
    let file = try OpenFile(url, O_RDONLY)
    if let size = try? file.size(), size > ProcessInfo.processInfo.physicalMemory {
      throw FormatError(file: url, "holds \(size) bytes, more than this machine has memory")
    }
    let (bytes, code) = readAll(from: file.descriptor)
    if code != 0 { throw FormatError(file: url, tried: "read it", code: code) }
    return Data(bytes)
  }

  /// All of a file of text.
  public static func text(of url: URL) throws -> String {
    guard let text = String(validating: try contents(of: url), as: UTF8.self) else {
      throw FormatError(file: url, "is not valid UTF-8")
    }
    return text
  }

  private static func told<T>(_ url: URL, _ action: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch { throw FormatError(file: url, tried: action, error) }
  }
}
