import DistillOptions

extension YAMLDocument {
  /// Replaces every `${...}` in the values.
  ///
  /// - `${NAME}`, which consists of capitals, digits and `_`, is replaced by an environment variable.
  /// - Any other reference, such as `${name}` or `${losses[1].weight}`, is the path of a single value of this document. The value
  ///   may be inherited or set on the command line, but a default that is not written cannot be referred to.
  /// - `$${` is replaced by a literal `${`.
  ///
  /// A value that consists of one reference, in quotes or not, has the meaning of the value it refers to: a number stays a
  /// number. An environment variable has the meaning of its text without quotes, or is a text where a text is expected. Within a
  /// longer text a reference is replaced by text, and null by an empty text. Keys are not changed, and neither is a `${` in the
  /// value of an environment variable. Relative paths are relative to the file that contains the reference.
  ///
  /// This method must be called after `extend` and `set`. Mistakes are added to `diagnostics`.
  package mutating func substitute(environment: [String: String]) {
    guard let root else { return }
    var substitution = Substitution(root: root, environment: environment, limits: limits)
    self.root = substitution.replacing(root)
    diagnostics += substitution.problems
  }
}

/// Replaces the references of one document.
///
/// Its methods throw an empty `Diagnostics` for a failure that has already been reported.
private struct Substitution {
  let root: Node
  let environment: [String: String]
  let limits: YAMLLimits
  private(set) var problems: [Diagnostic] = []
  /// The results for the values that have been replaced, by their places. The result is `nil` if a reference failed.
  private var known: [SourceRange: Scalar?] = [:]
  /// The references that are being followed, and the places of the values that contain them. It detects circles.
  private var trail: [(place: SourceRange, name: String)] = []
  /// The number of references so far.
  private var references = 0
  /// The total size of the values that references were replaced by.
  private var bytes = 0

  init(root: Node, environment: [String: String], limits: YAMLLimits) {
    (self.root, self.environment, self.limits) = (root, environment, limits)
  }

  mutating func replacing(_ node: Node) -> Node {
    var node = node
    switch node.content {
    case .scalar(let scalar):
      node.content = value(of: scalar, at: node.range).map { .scalar($0) } ?? .unknown
    case .sequence(let items):
      node.content = .sequence(items.map { replacing($0) })
    case .mapping(var entries):
      for index in entries.indices { entries[index].value = replacing(entries[index].value) }
      node.content = .mapping(entries)
    case .unknown: break
    }
    return node
  }

  private mutating func value(of scalar: Scalar, at place: SourceRange) -> Scalar? {
    guard scalar.text.utf8.contains(UInt8(ascii: "$")) else { return scalar }
    if let value = known[place] { return value }
    do throws(Diagnostics) {
      let value = try expand(scalar, at: place)
      known[place] = value
      return value
    } catch {
      problems += error.list
      known[place] = .some(nil)
      return nil
    }
  }

  /// Replaces the references in one scalar.
  ///
  /// - Throws: A diagnostic for each reference that fails.
  private mutating func expand(_ scalar: Scalar, at place: SourceRange) throws(Diagnostics) -> Scalar {
    var text = String.UnicodeScalarView()
    // The same text, but with environment variables left as references, because their values may be secret.
    var written = String.UnicodeScalarView()
    var hasVariable = false
    var rest = scalar.text.unicodeScalars[...]
    var isChanged = false
    var failures: [Diagnostics] = []
    while let first = rest.first {
      if rest.starts(with: "$${".unicodeScalars) {
        text += "${".unicodeScalars
        written += "$${".unicodeScalars
        rest = rest.dropFirst(3)
        isChanged = true
      } else if rest.starts(with: "${".unicodeScalars) {
        guard let end = rest.firstIndex(of: "}") else {
          throw problem("`${` is not closed", at: place, hint: "write `$${` for a literal `${`")
        }
        let isAll =
          rest.startIndex == scalar.text.startIndex && scalar.text.unicodeScalars.index(after: end) == rest.endIndex
        do throws(Diagnostics) {
          let value = try follow(String(rest.dropFirst(2).prefix(upTo: end)), from: place)
          if isAll { return value.referenced }
          if value.meaning != .null {
            text += value.text.unicodeScalars
            written += (value.written ?? value.text.escapingReferences).unicodeScalars
            hasVariable = hasVariable || value.written != nil
          }
        } catch {
          failures.append(error)
        }
        rest = rest.suffix(from: end).dropFirst()
        isChanged = true
      } else {
        text.append(first)
        written.append(first)
        rest = rest.dropFirst()
      }
    }
    guard failures.isEmpty else { throw Diagnostics(failures.flatMap(\.list)) }
    return isChanged ? Scalar(String(text), written: hasVariable ? String(written) : nil) : scalar
  }

  private mutating func follow(_ name: String, from place: SourceRange) throws(Diagnostics) -> Scalar {
    references += 1
    guard references <= limits.references else {
      // The excess is reported once.
      if references > limits.references + 1 { throw Diagnostics([]) }
      throw problem("more than \(limits.references) references", at: place)
    }
    let value = isVariable(name) ? try variable(name, from: place) : try option(name, from: place)
    bytes += value.text.utf8.count
    guard bytes <= limits.bytes else {
      throw problem("references stand for more than \(limits.bytes) bytes", at: place)
    }
    return value
  }

  private func variable(_ name: String, from place: SourceRange) throws(Diagnostics) -> Scalar {
    guard let text = environment[name] else {
      let near = nearestNames(to: name, among: environment.keys.filter(isVariable)).first
      let hint = near.map { "did you mean `${\($0)}`?" } ?? "set it, or write `$${` for a literal `${`"
      throw problem("the environment variable `\(name)` is not set", at: place, of: name, hint: hint)
    }
    return Scalar(variable: name, text)
  }

  private mutating func option(_ name: String, from place: SourceRange) throws(Diagnostics) -> Scalar {
    let shown = String(name.prefix(80))
    guard let steps = PathStep.steps(of: name, in: place.source) else {
      throw problem(
        "`${\(shown)}` refers to nothing", at: place, of: name,
        hint: "write ${NAME} for an environment variable, ${training.epochs} for a value, `$${` for a literal `${`")
    }
    guard let target = root.value(at: name) else {
      // The value may be in the part of the file after a syntax error, which was not read.
      if root.isOpen { throw Diagnostics([]) }
      throw problem(
        "there is no value `\(shown)` to refer to", at: place, of: name, hint: nearestPath(to: steps, name: name))
    }
    guard let scalar = target.scalar else {
      throw problem("`\(shown)` is \(target.found), not a single value", at: place, of: name)
    }
    trail.append((place, shown))
    defer { trail.removeLast() }
    if let first = trail.firstIndex(where: { $0.place == target.range }) {
      let names = [shown] + trail[first...].map(\.name)
      throw problem("references go round in a circle: \(names.joined(separator: " → "))", at: place)
    }
    guard trail.count <= limits.depth else {
      throw problem("more than \(limits.depth) references lead to one another", at: place)
    }
    guard let value = value(of: scalar, at: target.range) else { throw Diagnostics([]) }
    return value
  }

  /// Returns a hint for a path that does not exist: the path with the nearest keys, or an environment variable of that name.
  private func nearestPath(to steps: [PathStep], name: String) -> String {
    let variable = name.uppercased()
    let other =
      environment[variable] != nil
      ? "did you mean `${\(variable)}`?" : "a value has to be written; a default is not enough"
    var (node, path) = (root, "")
    for step in steps {
      switch (step.kind, node.content) {
      case (.key(let word), .mapping(let entries)) where node[word] == nil && entries.count <= 100:
        guard let key = nearestNames(to: word, among: entries.map(\.key)).first, let next = node[key] else {
          return other
        }
        (node, path) = (next, path + (path.isEmpty ? "" : ".") + key)
      case (.key(let word), .mapping):
        guard let next = node[word] else { return other }
        (node, path) = (next, path + (path.isEmpty ? "" : ".") + word)
      case (.index, .sequence(let items)), (.key, .sequence(let items)):
        guard let index = step.index, items.indices.contains(index) else { return other }
        (node, path) = (items[index], "\(path)[\(index)]")
      default: return other
      }
    }
    return "did you mean `${\(path)}`?"
  }

  /// Returns a diagnostic whose place is the reference `name` if it is one of several in its text, and `place` otherwise.
  private func problem(
    _ message: String, at place: SourceRange, of name: String? = nil, hint: String? = nil
  ) -> Diagnostics {
    Diagnostics(Diagnostic(message, at: name.flatMap { place.narrowed(to: "${\($0)}") } ?? place, hint: hint))
  }

  private func isVariable(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
    return name.unicodeScalars.allSatisfy { ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "_" }
  }
}

extension SourceRange {
  /// Returns the part of this range in which `text` is written, or `nil` if it is the whole range or not there.
  fileprivate func narrowed(to text: String) -> SourceRange? {
    let line = Array(sourceLine.unicodeScalars)
    let text = Array(text.unicodeScalars)
    let end = min(column - 1 + length, line.count)
    guard text.count < length, column - 1 <= end - text.count else { return nil }
    let start = (column - 1...end - text.count).first { line[$0..<$0 + text.count].elementsEqual(text) }
    return start.map { SourceRange(source: source, line: self.line, column: $0 + 1, length: text.count) }
  }
}

extension PathStep {
  /// The index of this step. `losses.0` is accepted here as well, because it was probably meant to be `losses[0]`.
  fileprivate var index: Int? {
    switch kind {
    case .index(let index): index
    case .key(let word): Int(word)
    }
  }
}
