import DistillOptions
import Foundation

extension YAMLDocument {
  /// Takes over what the file that `extends: base.yaml` names says, and what that one extends in turn.
  ///
  /// A key at the top of the extending file replaces the base's as a whole; nothing below is mixed. Every value keeps the
  /// place where it is written, and paths in it stay relative to the file they are written in. To be called before `set`,
  /// so that overrides reach what is inherited. Mistakes join `diagnostics`; where a base cannot be had, `root` becomes nil.
  package mutating func extend() {
    guard var entries = root?.entries else { return }
    var chain = [
      File(name: source.name, url: source.folder.appending(path: URL(filePath: source.name).lastPathComponent))
    ]
    while let index = entries.firstIndex(where: { $0.key == "extends" }) {
      do throws(Diagnostics) {
        let isCut = root?.isOpen == true
        let base = try base(entries.remove(at: index).value, &chain)
        // The part that is not known may replace anything.
        if isCut { break }
        let replaced = Set(entries.map(\.key))
        // The base's own `extends` is among them, and is next.
        entries += base.filter { !replaced.contains($0.key) }
      } catch {
        diagnostics += error.list
        root = nil
        return
      }
    }
    root?.content = .mapping(entries)
  }

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
    // What is wrong with a file is shown with its lines, and not every file's lines are for everybody's eyes.
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
  /// What diagnostics call it.
  let name: String
  let url: URL
  /// The same for all the names that a file has.
  var identity: String { url.resolvingSymlinksInPath().path }
}

/// `experiments/a.yaml` and `../base.yaml` make `base.yaml`.
private func sibling(of name: String, _ path: String) -> String {
  guard !path.hasPrefix("/") else { return path }
  var parts = name.split(separator: "/").dropLast()
  for part in path.split(separator: "/") where part != "." {
    if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
  }
  return (name.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
}
