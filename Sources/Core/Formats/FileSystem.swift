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

  /// Gives a file or folder another name.
  public static func move(_ url: URL, to target: URL) throws {
    try told(target, "move \(url.path) to it") { try FileManager.default.moveItem(at: url, to: target) }
  }

  /// Puts a copy of a file, or of a folder of files, at a path in one step: whoever looks finds what was there before or all of
  /// it. A file shares its contents with the copy where the file system can do that.
  public static func copyWhole(_ url: URL, to target: URL) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue else {
      return try AtomicFolder.write(to: target) { folder in
        for name in try names(in: url) { try copy(url.appending(path: name), to: folder.appending(path: name)) }
      }
    }
    if link(url.path, target.path) == 0 || errno == EEXIST { return }
    try AtomicFile.write(to: target) { try $0.append(contentsOf: url) }
  }

  /// The names in a folder, sorted; hidden ones too.
  public static func names(in folder: URL) throws -> [String] {
    try told(folder, "list it") { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  /// A plain file itself, or all of them in a folder and the folders below it, sorted; hidden ones are left out.
  public static func files(below url: URL) -> [URL] {
    func isPlain(_ url: URL) -> Bool {
      (try? url.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) ?? false
    }
    if isPlain(url) { return [url] }
    let all = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
    return (all?.compactMap { $0 as? URL } ?? []).filter(isPlain).sorted { $0.path < $1.path }
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
