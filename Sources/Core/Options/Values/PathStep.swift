/// One step of a path such as `losses[1].weight`, and its position in a text that begins with the path.
package struct PathStep {
  package enum Kind {
    case key(String)
    case index(Int)
  }
  package let kind: Kind
  package let range: SourceRange

  /// Splits a path into its steps, or returns `nil` if it is not a valid path.
  package static func steps(of path: String, in source: SourceText) -> [PathStep]? {
    var steps: [PathStep] = []
    var rest = path.unicodeScalars[...]
    while let first = rest.first {
      let column = path.unicodeScalars.distance(from: path.unicodeScalars.startIndex, to: rest.startIndex) + 1
      let isIndex = first == "["
      if isIndex || (!steps.isEmpty && first == ".") { rest = rest.dropFirst() }
      let word = String(String.UnicodeScalarView(rest.prefix { isIndex ? $0 != "]" : $0 != "." && $0 != "[" }))
      rest = rest.dropFirst(word.unicodeScalars.count)
      let range = SourceRange(
        source: source, line: 1, column: !isIndex && !steps.isEmpty ? column + 1 : column,
        length: word.unicodeScalars.count + (isIndex ? 2 : 0))
      if isIndex, let index = Int(word), index >= 0, rest.first == "]" {
        rest = rest.dropFirst()
        steps.append(PathStep(kind: .index(index), range: range))
      } else if !isIndex, !word.isEmpty {
        steps.append(PathStep(kind: .key(word), range: range))
      } else {
        return nil
      }
    }
    if case .key = steps.first?.kind { return steps }
    return nil
  }
}
