import DistillOptions
import Foundation

extension YAMLDocument {
  /// Adds the contents of the file that `extends: base.yaml` names, and of the files that it extends in turn.
  ///
  /// A top-level key of the extending file replaces the whole value of the base; nested mappings are not merged. Every value
  /// keeps the place where it is written, and its relative paths stay relative to the file in which they are written.
  ///
  /// This method must be called before `set`, so that overrides can change inherited values. Mistakes are added to `diagnostics`.
  /// If a base cannot be read, `root` becomes `nil`.
  package mutating func extend() {
    guard var entries = root?.entries else { return }
    var chain = [
      File(name: source.name, url: source.folder.appending(path: URL(filePath: source.name).lastPathComponent))
    ]
    while let index = entries.firstIndex(where: { $0.key == "extends" }) {
      do throws(Diagnostics) {
        let isCut = root?.isOpen == true
        let base = try base(entries.remove(at: index).value, &chain)
        // The part of the file that was not read may replace any key of the base.
        if isCut { break }
        let replaced = Set(entries.map(\.key))
        // These entries include the base's own `extends`, which the loop resolves next.
        entries += base.filter { !replaced.contains($0.key) }
      } catch {
        diagnostics += error.list
        root = nil
        return
      }
    }
    root?.content = .mapping(entries)
  }

  /// Returns the entries of the file that an `extends` names, and adds the file to the chain.
  private mutating func base(_ value: Node, _ chain: inout [File]) throws(Diagnostics) -> [Node.Entry] {
    func problem(_ message: String, hint: String? = nil) -> Diagnostics {
      Diagnostics(Diagnostic(message, at: value.range, hint: hint))
    }
    let path = try OptionPath(value, OptionContext(range: .any))
    let file = File(name: sibling(of: value.range.source.name, path.given), url: path.url)
    let first = chain.firstIndex { $0.identity == file.identity }
    chain.append(file)
    if let first {
      let names = chain[first...].map(\.name).joined(separator: " → ")
      throw problem("files extend each other in a circle: \(names)")
    }
    guard chain.count <= limits.files else { throw problem("more than \(limits.files) files extend one another") }
    let kind = try? FileManager.default.attributesOfItem(atPath: file.identity)[.type] as? FileAttributeType
    guard let kind else {
      let hint =
        path.given.contains("${")
        ? "`extends` takes a path as it is, without references" : missingFileHint(path.url)
      throw problem("there is no file \(file.url.path)", hint: hint)
    }
    guard kind == .typeRegular else { throw problem("\(file.url.path) is not a file") }
    // Diagnostics show lines of a file, so `extends` must not be a way to display any file of the machine.
    guard ["yaml", "yml"].contains(file.url.pathExtension.lowercased()) else {
      throw problem("\(file.name) cannot be extended", hint: "only files named .yaml or .yml can")
    }
    let bytes: Data
    do { bytes = try limits.read(file.url) } catch {
      throw problem("\(file.name) cannot be read: \(error)")
    }
    let document = YAMLDocument(
      bytes, name: file.name, folder: file.url.deletingLastPathComponent(), limits: limits, order: chain.count - 1)
    diagnostics += document.diagnostics
    if document.root?.isOpen == true { root?.isOpen = true }
    if let entries = document.root?.entries { return entries }
    guard document.root != nil || document.diagnostics.isEmpty else { throw Diagnostics([]) }
    throw problem("\(file.name) holds \(document.root?.found ?? "nothing"), not a mapping")
  }
}

private struct File {
  /// The name in diagnostics.
  let name: String
  let url: URL
  /// The path without symbolic links, which is the same for all names of a file.
  var identity: String { url.resolvingSymlinksInPath().path }
}

/// Returns the path of a file as diagnostics show it: `experiments/a.yaml` and `../base.yaml` give `base.yaml`.
private func sibling(of name: String, _ path: String) -> String {
  guard !path.hasPrefix("/") else { return path }
  var parts = name.split(separator: "/").dropLast()
  for part in path.split(separator: "/") where part != "." {
    if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
  }
  return (name.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
}
