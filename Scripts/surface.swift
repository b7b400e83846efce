// Generates the parts of the documents that describe the structure of the package, so that they cannot become outdated:
//
//   surface targets < package.json       prints the targets and their dependencies as a Mermaid graph
//   surface symbols FOLDER MODULE ...    prints every public declaration, module by module
//
// The first command reads the output of `swift package describe --type json`, and the second reads the symbol graphs that
// `swift-symbolgraph-extract` has written.
import Foundation

struct Package: Decodable {
  struct Target: Decodable {
    let name: String
    let type: String
    let path: String
    let target_dependencies: [String]?
  }
  let targets: [Target]
}

/// Returns a Mermaid graph of the targets. An arrow A → C is left out if it follows from A → B → C.
func drawTargets(_ package: Package) -> String {
  let drawn = package.targets.filter { $0.path.hasPrefix("Sources/") && $0.type != "plugin" }
  let names = Set(drawn.map(\.name))
  let arrows = Dictionary(
    uniqueKeysWithValues: drawn.map { ($0.name, Set($0.target_dependencies ?? []).intersection(names)) })
  func below(_ name: String) -> Set<String> {
    (arrows[name] ?? []).reduce(into: []) {
      $0.formUnion([$1]); $0.formUnion(below($1))
    }
  }
  func folder(_ target: Package.Target) -> String {
    target.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
  }
  var lines = ["graph BT"]
  for (place, targets) in Dictionary(grouping: drawn, by: folder).sorted(by: { $0.key < $1.key }) {
    lines.append("  subgraph \(place)")
    lines += targets.map(\.name).sorted().map { "    \($0)" }
    lines.append("  end")
  }
  for target in drawn.sorted(by: { $0.name < $1.name }) {
    let direct = arrows[target.name] ?? []
    let implied = direct.reduce(into: Set<String>()) { $0.formUnion(below($1)) }
    lines += direct.subtracting(implied).sorted().map { "  \(target.name) --> \($0)" }
  }
  return lines.joined(separator: "\n")
}

struct SymbolGraph: Decodable {
  struct Symbol: Decodable {
    struct Identifier: Decodable { let precise: String }
    struct Fragment: Decodable { let spelling: String }
    struct Kind: Decodable { let identifier: String }
    struct Location: Decodable { let uri: String }
    let identifier: Identifier
    let kind: Kind
    let pathComponents: [String]
    let declarationFragments: [Fragment]?
    let location: Location?
  }
  struct Relationship: Decodable {
    let kind: String
    let source: String
    let target: String
    let targetFallback: String?
  }
  let symbols: [Symbol]
  let relationships: [Relationship]
}

/// Members that a conformance to a protocol of the standard library asks for: the conformance says that they are there.
let implied: Set<String> = [
  "description", "errorDescription", "==(_:_:)", "<(_:_:)", "hash(into:)", "encode(to:)", "init(from:)",
  "init(stringLiteral:)", "init(arrayLiteral:)",
]
/// Conformances that nearly every type has.
let common: Set<String> = ["Copyable", "Escapable", "SendableMetatype", "BitwiseCopyable", "CVarArg"]

/// Returns one line for each declaration, with members below their types.
///
/// Declarations that the compiler synthesises for a conformance are left out, because the package does not promise them.
func listSymbols(_ module: String, in folder: URL) throws -> (text: String, count: Int) {
  let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    .filter { $0.pathExtension == "json" }
  let graphs = try files.map { try JSONDecoder().decode(SymbolGraph.self, from: Data(contentsOf: $0)) }
  let defaults = Set(graphs.flatMap(\.relationships).filter { $0.kind == "defaultImplementationOf" }.map(\.source))
  let symbols = graphs.flatMap(\.symbols).filter {
    !defaults.contains($0.identifier.precise) && !$0.identifier.precise.contains("::SYNTHESIZED::")
      && $0.location != nil
      && !implied.contains($0.pathComponents.last ?? "")
  }
  let names = Dictionary(symbols.map { ($0.identifier.precise, $0.pathComponents.last ?? "") }) { first, _ in first }
  let defaulted = Set(graphs.flatMap(\.relationships).filter { $0.kind == "defaultImplementationOf" }.map(\.target))
  var conformances: [String: Set<String>] = [:]
  for relationship in graphs.flatMap(\.relationships) where relationship.kind == "conformsTo" {
    let name = names[relationship.target] ?? relationship.targetFallback?.split(separator: ".").last.map(String.init)
    if let name, !common.contains(name) { conformances[relationship.source, default: []].insert(name) }
  }
  var lines: [(path: [String], line: String)] = []
  for symbol in symbols {
    var declaration = (symbol.declarationFragments ?? []).map(\.spelling).joined()
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    if let protocols = conformances[symbol.identifier.precise], !declaration.contains(" : ") {
      declaration += " : " + protocols.sorted().joined(separator: ", ")
    }
    if defaulted.contains(symbol.identifier.precise) { declaration += "  // has a default" }
    lines.append(
      (symbol.pathComponents, String(repeating: "  ", count: symbol.pathComponents.count - 1) + declaration))
  }
  // Members of a type of another module are listed below an extension of that type.
  let types = Set(lines.map(\.path))
  for path in Set(lines.map { Array($0.path.dropLast()) }) where !path.isEmpty && !types.contains(path) {
    lines.append((path, String(repeating: "  ", count: path.count - 1) + "extension \(path.joined(separator: "."))"))
  }
  lines.sort { a, b in
    a.path.lexicographicallyPrecedes(b.path) || (a.path == b.path && a.line < b.line)
  }
  // A requirement and its default implementation have the same declaration, which is listed once.
  var listed = lines.map(\.line)
  for index in listed.indices.dropFirst().reversed() where listed[index] == listed[index - 1] {
    listed.remove(at: index)
  }
  return (listed.joined(separator: "\n"), listed.count)
}

let arguments = CommandLine.arguments.dropFirst()
switch arguments.first {
case "targets":
  let data = FileHandle.standardInput.readDataToEndOfFile()
  print(drawTargets(try JSONDecoder().decode(Package.self, from: data)))
case "symbols":
  let folder = URL(filePath: arguments.dropFirst().first ?? ".")
  var total = 0
  for module in arguments.dropFirst(2) {
    let (text, count) = try listSymbols(module, in: folder.appending(path: module))
    total += count
    print("\n## \(module) (\(count))\n\n```\n\(text)\n```")
  }
  FileHandle.standardError.write(Data("\(total) public declarations\n".utf8))
default:
  FileHandle.standardError.write(Data("usage: surface targets | surface symbols FOLDER MODULE ...\n".utf8))
  exit(2)
}
