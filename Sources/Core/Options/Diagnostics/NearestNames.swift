/// Returns the names that `word` was probably meant to be, at most three.
///
/// They are the names at the smallest edit distance, which may be a third of the word's length at most. The result is empty if
/// no name is that near.
package func nearestNames(to word: String, among names: some Sequence<String>) -> [String] {
  let folded = fold(word)
  let allowed = max(1, folded.count / 3)
  var found: [(name: String, distance: Int)] = []
  for name in names {
    let candidate = fold(name)
    // The difference in length is a lower bound of the distance. Checking it first saves work on very long words.
    guard abs(candidate.count - folded.count) <= allowed else { continue }
    let distance = editDistance(folded, candidate)
    if distance <= allowed { found.append((name, distance)) }
  }
  let nearest = found.map(\.distance).min()
  return found.filter { $0.distance == nearest }.map(\.name).sorted().prefix(3).map(\.self)
}

/// Returns a hint for an unknown word: `did you mean …?` if a name is near or begins with the word, or else all known names.
func suggestion(for word: String, among names: [String]) -> String? {
  var near = nearestNames(to: word, among: names)
  if near.isEmpty, word.count > 2 { near = Array(names.filter { $0.hasPrefix(word) }.prefix(3)) }
  if !near.isEmpty {
    return "did you mean \(alternatives(near))?" + (lookAlike(in: word).map { "; here is \($0)" } ?? "")
  }
  return names.isEmpty ? nil : "known here: \(names.map { "`\($0)`" }.joined(separator: ", "))"
}

/// Describes the first character outside ASCII, which may only look like a letter: `U+0430 CYRILLIC SMALL LETTER A`.
package func lookAlike(in word: some StringProtocol) -> String? {
  word.unicodeScalars.first { !$0.isASCII }.map {
    let digits = String($0.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      + ($0.properties.name.map { " \($0)" } ?? "")
  }
}

/// Returns a list in words: `` `a`, `b` or `c` ``.
func alternatives(_ names: [String]) -> String {
  let quoted = names.map { "`\($0)`" }
  guard quoted.count > 1, let last = quoted.last else { return quoted.first ?? "" }
  return quoted.dropLast().joined(separator: ", ") + " or " + last
}

/// Removes differences of case and separator, which never distinguish two names.
private func fold(_ word: String) -> [Unicode.Scalar] {
  word.lowercased().unicodeScalars.map { $0 == "-" || $0 == " " ? "_" : $0 }
}

/// Returns the restricted Damerau-Levenshtein distance, which counts insertions, deletions, substitutions and swaps of
/// neighbours.
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var best = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
      row.append(best)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
