import DistillOptions

/// Builds nodes from the events of libyaml, and collects all mistakes.
struct NodeBuilder: ~Copyable {
  /// Thrown if the parsing cannot continue. The reason has already been reported.
  private struct Stop: Error {}

  private(set) var problems: [Diagnostic] = []
  private let source: SourceText
  private let limits: YAMLLimits
  private let text: String
  private var events: YAMLEvents
  private var anchors: [String: Node] = [:]
  private var aliasedNodes = 0
  /// The lines, from 0, that continue a quoted or block scalar. Their indentation is part of a text.
  private var insideScalar: Set<Int> = []
  /// The line, from 0, in which libyaml found a syntax error.
  private var failedLine: Int?
  /// The place where reading stopped. Whatever begins there or further down is unknown.
  private var end: (line: Int, column: Int)?
  /// The last scalar and the line in which it ends, from 0.
  private var lastScalar: (start: YAMLMark, endLine: Int)?
  /// The last quoted scalar of several lines, and the line in which it ends, from 0.
  private var lastQuote: (start: YAMLMark, endLine: Int)?

  /// Creates a builder that parses `text`.
  ///
  /// - `source`: The text that diagnostics show. Its lines and columns must be those of `text`.
  init(_ text: String, source: SourceText, limits: YAMLLimits) {
    self.text = text
    self.source = source
    self.limits = limits
    events = YAMLEvents(text)
  }

  /// Returns the root, or `nil` if the text has no document or none that can be used.
  ///
  /// After a mistake at which the parsing must stop, the result contains what is written before it.
  mutating func document() -> Node? {
    defer { reportTabs() }
    do throws(Stop) {
      _ = try next()
      let start = try next()
      guard case .documentStart(let hasDirectives) = start.kind else { return nil }
      if hasDirectives { report("directives are not supported", at: range(start), hint: "remove the line with `%`") }
      let root = try node(try next(), depth: 1)
      guard (try? next()) != nil, let following = try? next() else {
        return root.entries == nil ? nil : beforeEnd(root)
      }
      if case .documentStart = following.kind {
        report("a second document begins here", at: range(following), hint: "a file holds exactly one document")
      }
      return root
    } catch {
      return nil
    }
  }

  private mutating func node(_ event: YAMLEvent, depth: Int) throws(Stop) -> Node {
    if event.hasTag {
      report("tags are not supported", at: range(event), hint: "remove it: the option decides the type")
    }
    let place = range(event)
    let node: Node
    switch event.kind {
    case .alias(let name): return try expand(name, at: place, depth: depth)
    case .scalar(let text, let isPlain):
      // libyaml reports the end of a block scalar as the first column of the line after it.
      let last = event.end.column == 0 ? event.end.line - 1 : event.end.line
      lastScalar = (event.start, last)
      if !isPlain, event.end.column > 0, last > event.start.line { lastQuote = (event.start, last) }
      if !isPlain, last > event.start.line { insideScalar.formUnion(event.start.line + 1...last) }
      node = Node(content: .scalar(Scalar(text, isPlain: isPlain)), range: place)
    case .sequenceStart:
      try check(depth, at: place)
      node = Node(content: .sequence(items(depth: depth + 1)), range: place.cut(to: 1))
    default:
      try check(depth, at: place)
      let entries = entries(depth: depth + 1)
      // A block mapping has no bracket to mark its beginning, so its first key is its place.
      let isFlow = if case .mappingStart(isFlow: true) = event.kind { true } else { false }
      node = Node(content: .mapping(entries), range: isFlow ? place.cut(to: 1) : entries.first?.keyRange ?? place)
    }
    if let anchor = event.anchor {
      if anchors[anchor] != nil { report("the anchor `&\(anchor)` is already in use", at: place) }
      anchors[anchor] = node
    }
    return node
  }

  /// Returns the items up to the end of the list, or up to the place where reading stops.
  private mutating func items(depth: Int) -> [Node] {
    var items: [Node] = []
    while let event = try? next() {
      if case .sequenceEnd = event.kind { break }
      guard let item = try? node(event, depth: depth) else { break }
      items.append(item)
    }
    return items
  }

  /// Returns the entries up to the end of the mapping, or up to the place where reading stops.
  private mutating func entries(depth: Int) -> [Node.Entry] {
    var entries: [Node.Entry] = []
    var firstLines: [String: Int] = [:]
    while let event = try? next() {
      if case .mappingEnd = event.kind { break }
      guard let key = try? node(event, depth: depth), let following = try? next(),
        let value = try? node(following, depth: depth)
      else { break }
      let name = key.scalar?.text ?? ""
      if case .alias = event.kind {
        report("a key cannot be an alias", at: key.range)
      } else if name.isEmpty {
        report("a key must be a word", at: key.range)
      } else if name == "<<", key.scalar?.isPlain == true {
        let hint = "spell the keys out, or give the whole mapping as an alias"
        report("merge keys are not supported", at: key.range, hint: hint)
      } else if let line = firstLines[name] {
        report("the key `\(name)` is given twice", at: key.range, hint: "it was first given on line \(line)")
      } else {
        firstLines[name] = key.range.line
        entries.append(Node.Entry(key: name, keyRange: key.range, value: value))
      }
    }
    return joiningLooseNumbers(entries)
  }

  /// Reports `{layers: 2, 4}`, which YAML reads as the value 2 and another key 4 without a value.
  private mutating func joiningLooseNumbers(_ entries: [Node.Entry]) -> [Node.Entry] {
    func isNumber(_ entry: Node.Entry) -> Bool { entry.value.scalar?.text == "" && Int(entry.key) != nil }
    var joined: [Node.Entry] = []
    var rest = entries[...]
    while let entry = rest.popFirst() {
      joined.append(entry)
      let loose = rest.prefix(while: isNumber)
      guard !loose.isEmpty, !isNumber(entry), let scalar = entry.value.scalar else { continue }
      let list = ([scalar.text] + loose.map(\.key)).joined(separator: ", ")
      report("a list stands in brackets", at: entry.value.range, hint: "write `\(entry.key): [\(list)]`")
      joined[joined.count - 1].value.content = .unknown
      rest = rest.dropFirst(loose.count)
    }
    return joined
  }

  /// Returns the tree without everything that begins at or after the place where reading stopped, or `nil` if nothing is left.
  ///
  /// The last member on each level may continue in the part that was not read, so it is cut in the same way, unless the beginning
  /// of another member after it was read.
  private mutating func beforeEnd(_ node: Node) -> Node? {
    func isKnown(_ range: SourceRange) -> Bool { end.map { (range.line, range.column) < $0 } ?? true }
    var node = node
    switch node.content {
    case .scalar, .unknown: return node
    case .sequence(let items):
      var known = items.filter { isKnown($0.range) }
      if known.count == items.count, let last = known.popLast(), let rest = beforeEnd(last) { known.append(rest) }
      guard !known.isEmpty else { return nil }
      node.content = .sequence(known)
    case .mapping(let entries):
      var known = entries.filter { isKnown($0.keyRange) && isKnown($0.value.range) }
      if known.count == entries.count, var last = known.popLast(), let rest = beforeEnd(last.value) {
        last.value = rest
        known.append(last)
      }
      guard !known.isEmpty else { return nil }
      node.content = .mapping(known)
    }
    node.isOpen = true
    return node
  }

  private mutating func stop(_ message: String, at place: SourceRange) -> Stop {
    report(message, at: place)
    end = (place.line, place.column)
    return Stop()
  }

  /// Returns the node that an alias refers to, with the place of the alias.
  ///
  /// The number of nodes is limited, because a few nested aliases could otherwise stand for billions of them.
  private mutating func expand(_ name: String, at place: SourceRange, depth: Int) throws(Stop) -> Node {
    guard var node = anchors[name] else {
      throw stop("the alias `*\(name)` has no anchor before it", at: place)
    }
    let size = node.size
    aliasedNodes += size.count
    guard aliasedNodes <= limits.aliasedNodes else {
      throw stop("aliases stand for more than \(limits.aliasedNodes) values", at: place)
    }
    try check(depth + size.depth - 2, at: place)
    node.range = place
    return node
  }

  private mutating func check(_ depth: Int, at place: SourceRange) throws(Stop) {
    guard depth > limits.depth else { return }
    throw stop("nested more than \(limits.depth) levels deep", at: place.cut(to: 1))
  }

  private mutating func next() throws(Stop) -> YAMLEvent {
    guard end == nil else { throw Stop() }
    do {
      return try events.next()
    } catch {
      let mistake = SyntaxMistake(error: error, text: text, source: source, quote: lastQuote)
      let place = mistake.place
      failedLine = place.line - 1
      end = (place.line, place.column)
      // A text that extends to the mistake may contain lines that were not meant as text, so it is unknown as well.
      if let (start, endLine) = lastScalar, endLine >= place.line - 1,
        (start.line + 1, start.column + 1) < (place.line, place.column)
      {
        end = (start.line + 1, start.column + 1)
      }
      report(mistake.message, at: place, hint: mistake.hint)
      throw Stop()
    }
  }

  private mutating func report(_ message: String, at range: SourceRange, hint: String? = nil) {
    problems.append(Diagnostic(message, at: range, hint: hint))
  }

  /// Reports every tab in the indentation.
  ///
  /// libyaml accepts some tabs and stops at others with messages that do not mention them.
  private mutating func reportTabs() {
    for (index, line) in source.lines.enumerated() where index <= failedLine ?? .max {
      let indentation = line.prefix { $0 == " " || $0 == "\t" }
      guard let tab = indentation.firstIndex(of: "\t"), indentation.endIndex < line.endIndex,
        !insideScalar.contains(index)
      else { continue }
      problems.removeAll { index == failedLine && $0.range.line == index + 1 }
      let column = line.distance(from: line.startIndex, to: tab) + 1
      let place = SourceRange(source: source, line: index + 1, column: column, length: 1)
      report("a tab in the indentation", at: place, hint: "indent with spaces")
    }
  }

  /// Returns the range of an event within its first line.
  private func range(_ event: YAMLEvent) -> SourceRange {
    let line = event.start.line
    // The empty document at the end of a file without a final newline has a line number that does not exist.
    let end =
      event.end.line == line || line >= source.lines.count
      ? event.end.column : source.lines[line].unicodeScalars.count
    let column = event.start.column
    return SourceRange(source: source, line: line + 1, column: column + 1, length: max(0, end - column))
  }
}

extension SourceRange {
  func cut(to length: Int) -> SourceRange {
    SourceRange(source: source, line: line, column: column, length: length)
  }
}
