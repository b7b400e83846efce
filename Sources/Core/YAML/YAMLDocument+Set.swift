import DistillOptions

extension YAMLDocument {
  /// Replaces the value at a path such as `training.epochs` or `losses[1].weight`, as `--set path=value` does.
  ///
  /// The value is parsed as YAML: a scalar, or a list or mapping in brackets. Missing mappings on the path are added, so that a
  /// misspelt path is reported as an unknown key, as in a file. Mistakes are added to `diagnostics`.
  package mutating func set(_ path: String, _ value: String) {
    overrides += 1
    let shown = SourceText(
      name: "--set \(path)", text: "\(path)=\(value)", folder: source.folder, order: .override(overrides))
    guard let steps = PathStep.steps(of: path, in: shown) else {
      let place = SourceRange(source: shown, line: 1, column: 1, length: path.unicodeScalars.count)
      let hint = "a path looks like training.epochs or losses[1].weight"
      diagnostics.append(Diagnostic("`\(path)` is not a path to an option", at: place, hint: hint))
      return
    }
    // Blanks in place of `path=` give every part of the value the column at which it is shown.
    let blanks = String(repeating: " ", count: path.unicodeScalars.count + 1)
    var builder = NodeBuilder(blanks + value, source: shown, limits: limits)
    let parsed = builder.document()
    diagnostics += builder.problems
    guard builder.problems.isEmpty else { return }
    let end = SourceRange(source: shown, line: 1, column: blanks.count + 1, length: 1)
    let node = parsed ?? Node(content: .scalar(Scalar("", isPlain: true)), range: end)
    guard root != nil || diagnostics.isEmpty else { return }
    var tree = root ?? Node(content: .mapping([]), range: start)
    if let problem = tree.put(node, at: steps[...], isCut: tree.isOpen) {
      if !tree.isOpen { diagnostics.append(problem) }
    } else {
      root = tree
    }
  }
}

extension Node {
  /// Puts a value at a path below this node.
  ///
  /// - `isCut`: Whether a syntax error cut the file off. Mappings that are added are then open, because the file may define them
  ///   in the part that was not read.
  /// - Returns: The reason why the value cannot be put there, or `nil`.
  fileprivate mutating func put(_ value: Node, at steps: ArraySlice<PathStep>, isCut: Bool) -> Diagnostic? {
    guard let step = steps.first else {
      self = value
      return nil
    }
    switch (step.kind, content) {
    case (.key(let key), .mapping):
      var child = self[key] ?? Node(content: .mapping([]), range: step.range, isOpen: isCut)
      defer { set(key, child, keyRange: step.range) }
      return child.put(value, at: steps.dropFirst(), isCut: isCut)
    case (.index(let index), .sequence(let items)):
      guard items.indices.contains(index) else {
        return Diagnostic("the list has \(items.count) items, counted from 0", at: step.range)
      }
      var child = items[index]
      defer { set("[\(index)]", child) }
      return child.put(value, at: steps.dropFirst(), isCut: isCut)
    case (.key, .scalar) where isNull:
      content = .mapping([])
      return put(value, at: steps, isCut: isCut)
    case (.key(let key), _): return Diagnostic("`\(key)` cannot be set inside \(found)", at: step.range)
    case (.index, _): return Diagnostic("only a list has items, this is \(found)", at: step.range)
    }
  }
}
