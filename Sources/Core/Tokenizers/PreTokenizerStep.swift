import DistillWordPiece

/// A step that splits a text into words. Steps of this kind may also add characters to the words.
enum PreTokenizerStep: Sendable {
  /// Drops the scalars of some classes, and makes each scalar of some others a word of its own.
  case classes(dropped: UInt32, isolated: UInt32)
  /// Splits where a class begins or ends, and drops the scalars of some classes.
  case groups(UInt32, dropped: UInt32)
  /// GPT-2's words.
  case words
  /// Adds a space before each word that does not begin with one.
  case prefixSpace
  case split(SearchPattern, SplitBehavior, isInverted: Bool)
  case metaspace(replacement: [UInt8], Prefix, splits: Bool)

  /// Before which words Metaspace puts its sign.
  enum Prefix: String, Sendable { case always, first, never }

  func apply(_ space: inout Workspace) {
    space.nextWords.removeAll(keepingCapacity: true)
    switch self {
    case .words: splitWords(&space)
    case .classes(let dropped, let isolated):
      splitClasses(&space) { bits in bits & dropped != 0 ? .drop : bits & isolated != 0 ? .isolate : .keep }
    case .groups(let bits, let dropped):
      splitClasses(&space) { found in found & dropped != 0 ? .drop : found & bits != 0 ? .group : .keep }
    case .prefixSpace:
      rewrite(&space) { text, word, output in
        if text[word.lowerBound] != 0x20 { output.append(0x20) }
        output += text[word]
      }
      return
    case .split(let pattern, let behavior, let isInverted):
      var pieces: [Range<Int>] = []
      swap(&pieces, &space.nextWords)
      for word in space.words {
        var last: Bool?
        pattern.forEachPart(of: space.text, word) { part, isMatch in
          behavior.add(part, isMatch: isMatch != isInverted, after: last, to: &pieces)
          last = isMatch != isInverted
        }
      }
      swap(&pieces, &space.nextWords)
    case .metaspace(let sign, let prefix, let splits):
      replaceSpaces(&space, sign, prefix)
      guard splits else { return }
      let text = space.text
      for word in space.words {
        var start = word.lowerBound
        for position in word where text[position] == sign[0] && position > start {
          guard text[position..<word.upperBound].starts(with: sign) else { continue }
          space.nextWords.append(start..<position)
          start = position
        }
        space.nextWords.append(start..<word.upperBound)
      }
    }
    swap(&space.words, &space.nextWords)
  }

  @inline(__always)
  private func splitWords(_ space: inout Workspace) {
    let (scanner, text) = (WordScanner.shared, space.text)
    for word in space.words {
      var start = word.lowerBound
      while start < word.upperBound {
        let end = scanner.end(of: text, start..<word.upperBound)
        space.nextWords.append(start..<end)
        start = end
      }
    }
  }

  private enum Action { case keep, group, isolate, drop }

  @inline(__always)
  private func splitClasses(_ space: inout Workspace, _ action: (UInt32) -> Action) {
    let (classes, text) = (ScalarClasses.shared, space.text)
    for word in space.words {
      var (start, position) = (word.lowerBound, word.lowerBound)
      var current = Action.keep
      while position < word.upperBound {
        let before = position
        let next = action(classes[text.scalar(at: &position)])
        if next == current, next == .keep || next == .group { continue }
        if start < before, current != .drop { space.nextWords.append(start..<before) }
        (start, current) = (before, next)
      }
      if start < word.upperBound, current != .drop { space.nextWords.append(start..<word.upperBound) }
    }
  }

  /// Writes each word anew. `body` appends the new word to the output.
  @inline(__always)
  private func rewrite(_ space: inout Workspace, _ body: ([UInt8], Range<Int>, inout [UInt8]) -> Void) {
    space.nextText.removeAll(keepingCapacity: true)
    for word in space.words {
      let start = space.nextText.count
      body(space.text, word, &space.nextText)
      space.nextWords.append(start..<space.nextText.count)
    }
    swap(&space.text, &space.nextText)
    swap(&space.words, &space.nextWords)
    space.nextWords.removeAll(keepingCapacity: true)
  }

  @inline(__always)
  private func replaceSpaces(_ space: inout Workspace, _ sign: [UInt8], _ prefix: Prefix) {
    let keepsBeginning = space.keepsBeginning
    rewrite(&space) { text, word, output in
      let isPrefixed = prefix == .always || prefix == .first && word.lowerBound == 0 && keepsBeginning
      if isPrefixed, text[word.lowerBound] != 0x20, !text[word].starts(with: sign) { output += sign }
      var start = word.lowerBound
      for position in word where text[position] == 0x20 {
        output += text[start..<position]
        output += sign
        start = position + 1
      }
      output += text[start..<word.upperBound]
    }
  }

  /// What distinguishes this step from all others that split differently.
  var key: String {
    switch self {
    case .classes(let dropped, let isolated): "classes \(dropped) \(isolated)"
    case .groups(let bits, let dropped): "groups \(bits) \(dropped)"
    case .words: "words"
    case .prefixSpace: "prefix space"
    case .split(let pattern, let behavior, let isInverted): "split \(pattern.key) \(behavior) \(isInverted)"
    case .metaspace(let sign, let prefix, let splits): "metaspace \(sign) \(prefix) \(splits)"
    }
  }
}

/// What happens to the parts of a text that a pattern matches.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  /// Appends a part of a text to the words before, or to the last of them.
  ///
  /// - `last`: Whether the part before it matches, or `nil` if there is none.
  @inline(__always)
  func add(_ part: Range<Int>, isMatch: Bool, after last: Bool?, to words: inout [Range<Int>]) {
    let joins =
      switch self {
      case .isolated, .removed: false
      case .contiguous: last == isMatch
      case .mergedWithPrevious: last == false && isMatch
      case .mergedWithNext: last == true && !isMatch
      }
    if joins {
      words[words.count - 1] = words[words.count - 1].lowerBound..<part.upperBound
    } else if self != .removed || !isMatch {
      words.append(part)
    }
  }
}
