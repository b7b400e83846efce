import DistillOptions
import Foundation

/// A YAML file as a tree of nodes that know their places.
///
/// Reading does not throw. Syntax errors are kept in `diagnostics`, so that ``decode(_:registry:)`` reports them together with
/// all other mistakes.
public struct YAMLDocument: Sendable {
  /// The root of the tree, or `nil` for an empty file.
  ///
  /// After a syntax error it contains what is written before the error. Lists and mappings that the error cut off are open.
  package internal(set) var root: Node?
  package internal(set) var diagnostics: [Diagnostic] = []
  package let source: SourceText
  let limits: YAMLLimits
  /// The number of calls of `set`, which orders the diagnostics of overrides.
  var overrides = 0

  /// Reads a file. If it cannot be read or is not UTF-8, ``decode(_:registry:)`` throws the reason.
  public init(file path: String) { self.init(file: path, limits: YAMLLimits()) }

  /// Parses a text.
  ///
  /// - `name`: The name of the text in diagnostics.
  /// - `folder`: The folder that relative paths in the text start from.
  public init(_ text: String, name: String = "text.yaml", folder: URL = URL(filePath: ".")) {
    self.init(Data(text.utf8), name: name, folder: folder)
  }

  package init(file path: String, limits: YAMLLimits) {
    let folder = URL(filePath: path).absoluteURL.deletingLastPathComponent()
    do {
      self.init(try limits.read(URL(filePath: path)), name: path, folder: folder, limits: limits)
    } catch {
      self.init(SourceText(name: path, text: "", folder: folder, order: .file(0)), limits)
      diagnostics = [Diagnostic("cannot be read: \(error)", at: start)]
    }
  }

  package init(_ text: String, name: String = "text.yaml", folder: URL = URL(filePath: "."), limits: YAMLLimits) {
    self.init(Data(text.utf8), name: name, folder: folder, limits: limits)
  }

  /// Parses the contents of a file.
  package init(_ bytes: Data, name: String, folder: URL, limits: YAMLLimits = YAMLLimits()) {
    self.init(bytes, name: name, folder: folder, limits: limits, order: 0)
  }

  /// Parses the contents of a file in a chain of `extends`.
  ///
  /// - `order`: The number of files in the chain before this one.
  init(_ bytes: Data, name: String, folder: URL, limits: YAMLLimits, order: Int) {
    func source(_ text: String) -> SourceText {
      SourceText(name: name, text: text, folder: folder, order: .file(order))
    }
    guard bytes.count <= limits.bytes else {
      self.init(source(""), limits)
      diagnostics = [Diagnostic("the file is larger than \(limits.bytes) bytes", at: start)]
      return
    }
    guard var text = String(validating: bytes, as: UTF8.self) else {
      self.init(source(String(decoding: bytes, as: UTF8.self)), limits)
      let (line, column) = position(after: validPrefix(of: bytes))
      let place = SourceRange(source: self.source, line: line, column: column, length: 1)
      diagnostics = [Diagnostic("this is not valid UTF-8", at: place, hint: "save the file as UTF-8")]
      return
    }
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    self.init(source(text), limits)
    var builder = NodeBuilder(text, source: self.source, limits: limits)
    root = builder.document()
    diagnostics = builder.problems
  }

  private init(_ source: SourceText, _ limits: YAMLLimits) {
    self.source = source
    self.limits = limits
  }

  /// The place of the first character of the file.
  var start: SourceRange { SourceRange(source: source, line: 1, column: 1, length: 1) }
}

extension YAMLDocument {
  /// Decodes the document as the options of a `T`.
  ///
  /// - Throws: All mistakes in the file, in order of position.
  public func decode<T: Configurable>(
    _: T.Type = T.self, registry: PluginRegistry = PluginRegistry()
  ) throws(Diagnostics) -> Decoded<T> { try draft(T.self, registry: registry).decoded() }

  /// Decodes as much of the document as possible as the options of a `T`.
  ///
  /// - Throws: The mistakes in a file of which nothing can be read.
  package func draft<T: Configurable>(
    _: T.Type = T.self, registry: PluginRegistry = PluginRegistry()
  ) throws(Diagnostics) -> Draft<T> {
    guard let root else {
      throw Diagnostics(diagnostics.isEmpty ? [Diagnostic("the file is empty", at: start)] : diagnostics)
    }
    return Draft(root, at: start, registry: registry, known: diagnostics)
  }
}

/// Returns the text before the first byte that is not valid UTF-8.
private func validPrefix(of bytes: Data) -> String {
  var prefix = String.UnicodeScalarView()
  var decoder = UTF8()
  var iterator = bytes.makeIterator()
  while case .scalarValue(let scalar) = decoder.decode(&iterator) { prefix.append(scalar) }
  return String(prefix)
}
