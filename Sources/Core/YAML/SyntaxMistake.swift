import DistillOptions

/// A syntax error of libyaml, with a place and a hint that help to correct it.
struct SyntaxMistake {
  let error: YAMLSyntaxError
  let text: String
  let source: SourceText
  /// The last quoted scalar of several lines, and the line in which it ends, from 0.
  let quote: (start: YAMLMark, endLine: Int)?

  var message: String { [error.problem, error.context].compactMap(\.self).joined(separator: " ") }

  /// The place to correct. It is the beginning of an unclosed quote or bracket, even if libyaml noticed the error further down.
  var place: SourceRange {
    let (line, column) = position
    return SourceRange(source: source, line: line, column: column, length: 1)
  }

  private var position: (line: Int, column: Int) {
    switch error.place {
    case .byte(let offset):
      return DistillYAML.position(after: String(decoding: text.utf8.prefix(offset), as: UTF8.self))
    case .mark(let mark):
      // libyaml notices a missing quote only where the next quote begins.
      if let quote, quote.endLine == mark.line { return (quote.start.line + 1, quote.start.column + 1) }
      if error.problem.contains("tab character") { return (mark.line + 1, mark.column + 1) }
      if let blank = noBreakSpace(above: mark.line + 1) { return blank }
      if let opening = error.opening, opening.line < mark.line {
        let isFlow = error.context?.contains("a flow") == true
        // A line that is not indented more than the line of the opening bracket is meant to be outside the brackets.
        if isFlow
          ? indentation(mark.line) <= indentation(opening.line) : error.context?.hasPrefix("while scanning") == true
        {
          return (opening.line + 1, opening.column + 1)
        }
      }
      // At the end of a file without a final newline, the line number of libyaml is too large by one.
      return mark.line >= source.lines.count
        ? DistillYAML.position(after: text) : (mark.line + 1, mark.column + 1)
    }
  }

  private func indentation(_ line: Int) -> Int {
    source.lines.indices.contains(line) ? source.lines[line].prefix { $0 == " " }.count : 0
  }

  /// Returns a no-break space in the last two of the first `count` lines. YAML reads it as a letter, and people read it as a
  /// space.
  private func noBreakSpace(above count: Int) -> (line: Int, column: Int)? {
    for line in source.lines.indices.prefix(count).suffix(2).reversed() {
      let scalars = source.lines[line].unicodeScalars
      if let place = scalars.firstIndex(of: "\u{A0}") {
        return (line + 1, scalars.distance(from: scalars.startIndex, to: place) + 1)
      }
    }
    return nil
  }

  var hint: String? {
    let (line, problem) = (position.line, error.problem)
    if let quote, quote.start.line == line - 1 {
      return "the quote that begins here ends in line \(quote.endLine + 1)"
    }
    if noBreakSpace(above: line) != nil { return "there is a no-break space, U+00A0: write a plain one" }
    if source.lines.indices.contains(line - 1), problem.hasPrefix("did not find"), source.lines[line - 1].contains("${")
    {
      return "put a text with `${...}` in quotes when it stands in brackets"
    }
    return switch problem {
    case "mapping values are not allowed in this context":
      "a colon followed by a space begins a value: check the indentation, or put the text in quotes"
    case "found character that cannot start any token": "put the text in quotes"
    case "could not find expected ':'": "a key is followed by a colon and a space"
    case "found unexpected end of stream": "a quote is not closed"
    case "did not find expected key": "check the indentation of this line and of the one above"
    case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
      "a comma or a closing bracket is missing"
    default: nil
    }
  }
}

/// Returns the line and the column, from 1, of the character after `prefix`.
func position(after prefix: String) -> (line: Int, column: Int) {
  let lines = prefix.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  return (lines.count, (lines.last?.unicodeScalars.count ?? 0) + 1)
}
