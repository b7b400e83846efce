/// The names that were probably meant by `word`: the nearest, several where they are equally near; none when nothing is.
package func nearestNames(to word: String, among names: some Sequence<String>) -> [String] {
  let folded = fold(word)
  let allowed = max(1, folded.count / 3)
  var found: [(name: String, distance: Int)] = []
  for name in names {
    let candidate = fold(name)
    // The difference in length is a lower bound of the distance, and keeps absurd words cheap.
    guard abs(candidate.count - folded.count) <= allowed else { continue }
    let distance = editDistance(folded, candidate)
    if distance <= allowed { found.append((name, distance)) }
  }
  let nearest = found.map(\.distance).min()
  return found.filter { $0.distance == nearest }.map(\.name).sorted().prefix(3).map(\.self)
}

/// `did you mean …?` for what is near or begins alike, or the names there are.
func suggestion(for word: String, among names: [String]) -> String? {
  var near = nearestNames(to: word, among: names)
  if near.isEmpty, word.count > 2 { near = Array(names.filter { $0.hasPrefix(word) }.prefix(3)) }
  if !near.isEmpty {
    return "did you mean \(alternatives(near))?" + (lookAlike(in: word).map { "; here is \($0)" } ?? "")
  }
  return names.isEmpty ? nil : "known here: \(names.map { "`\($0)`" }.joined(separator: ", "))"
}

/// The first character that only looks like one of ASCII's, or like none: `U+0430 CYRILLIC SMALL LETTER A`.
package func lookAlike(in word: some StringProtocol) -> String? {
  word.unicodeScalars.first { !$0.isASCII }.map {
    let digits = String($0.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      + ($0.properties.name.map { " \($0)" } ?? "")
  }
}

/// `` `a`, `b` or `c` ``
func alternatives(_ names: [String]) -> String {
  let quoted = names.map { "`\($0)`" }
  guard quoted.count > 1, let last = quoted.last else { return quoted.first ?? "" }
  return quoted.dropLast().joined(separator: ", ") + " or " + last
}

/// Case and the choice of separator are never what distinguishes two names.
private func fold(_ word: String) -> [Unicode.Scalar] {
  word.lowercased().unicodeScalars.map { $0 == "-" || $0 == " " ? "_" : $0 }
}

/// Damerau-Levenshtein distance in its restricted form: insertions, deletions, substitutions, swaps of neighbours.
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
