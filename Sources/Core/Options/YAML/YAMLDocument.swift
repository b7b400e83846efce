import Foundation

/// One YAML file as a tree of nodes that know where they stand.
///
/// Reading never throws: what is wrong with the syntax waits in `diagnostics`, so that `decode` can report it together
/// with everything else.
public struct YAMLDocument: Sendable {
  /// Nil for an empty file and after a syntax error.
  public internal(set) var root: Node?
  public internal(set) var diagnostics: [Diagnostic] = []
  public let source: SourceText
  /// What relative paths in the file are relative to.
  public let folder: URL
  let limits: YAMLLimits
  var overrides = 0

  /// Reads a file. A file that cannot be read, or is not UTF-8, becomes a diagnostic too.
  public init(file path: String, limits: YAMLLimits = YAMLLimits()) {
    let folder = URL(filePath: path).absoluteURL.deletingLastPathComponent()
    let bytes: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: path))
      bytes = try handle.read(upToCount: limits.bytes + 1) ?? Data()
      try handle.close()
    } catch {
      self.init(name: path, folder: folder, limits: limits, problem: "cannot be read: \(error.localizedDescription)")
      return
    }
    self.init(bytes, name: path, folder: folder, limits: limits)
  }

  /// Parses a text; `name` is what diagnostics call it.
  public init(
    _ text: String, name: String = "text.yaml", folder: URL = URL(filePath: "."), limits: YAMLLimits = YAMLLimits()
  ) {
    self.init(Data(text.utf8), name: name, folder: folder, limits: limits)
  }

  /// Parses the bytes of a file that was read already.
  public init(_ bytes: Data, name: String, folder: URL, limits: YAMLLimits = YAMLLimits()) {
    guard bytes.count <= limits.bytes else {
      self.init(name: name, folder: folder, limits: limits, problem: "the file is larger than \(limits.bytes) bytes")
      return
    }
    guard var text = String(validating: bytes, as: UTF8.self) else {
      self.init(source: SourceText(name: name, text: String(decoding: bytes, as: UTF8.self)), folder, limits)
      let (line, column) = position(after: validPrefix(of: bytes))
      let place = SourceRange(source: source, line: line, column: column, length: 1)
      diagnostics = [Diagnostic("this is not valid UTF-8", at: place, hint: "save the file as UTF-8")]
      return
    }
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    self.init(source: SourceText(name: name, text: text), folder, limits)
    var builder = NodeBuilder(text, source: source, limits: limits)
    root = builder.document()
    diagnostics = builder.problems
  }

  private init(name: String, folder: URL, limits: YAMLLimits, problem: String) {
    self.init(source: SourceText(name: name, text: ""), folder, limits)
    diagnostics = [Diagnostic(problem, at: start)]
  }

  private init(source: SourceText, _ folder: URL, _ limits: YAMLLimits) {
    self.source = source
    self.folder = folder
    self.limits = limits
  }

  /// The first character of the file.
  var start: SourceRange { SourceRange(source: source, line: 1, column: 1, length: 1) }
}

private func validPrefix(of bytes: Data) -> String {
  var prefix = String.UnicodeScalarView()
  var decoder = UTF8()
  var iterator = bytes.makeIterator()
  while case .scalarValue(let scalar) = decoder.decode(&iterator) { prefix.append(scalar) }
  return String(prefix)
}
