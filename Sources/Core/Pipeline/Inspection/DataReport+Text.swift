import DistillCore
import Foundation

extension DataReport {
  /// The report in words.
  package var text: String {
    var blocks = files.map { $0.lines(self).joined(separator: "\n") }
    if files.count > 1 {
      let lines = leaks.map { leak in
        let places = leak.firstLines.map { "\($0[0]) and \($0[1])" }.joined(separator: ", ")
        return "\(leak.files[0]) and \(leak.files[1]) have \(leak.texts) texts in common"
          + (leak.conflicts > 0 ? ", \(leak.conflicts) of them with another answer" : "") + ": lines \(places)"
          + (leak.texts > leak.firstLines.count ? ", …" : "")
      }
      blocks.append(lines.isEmpty ? "No text is in two of the files." : lines.joined(separator: "\n"))
    }
    blocks.append(
      task.map { "For a pipeline (`distill init FILE` writes a whole one):\n  \($0)" }
        ?? "No column looks like labels or scores (--label and --score name one). Texts without answers can be `unlabelled` ones of a task."
    )
    return blocks.joined(separator: "\n\n").escapingControls(except: true)
  }
}

extension DataReport.File {
  fileprivate func lines(_ report: DataReport) -> [String] {
    func line(_ name: String, _ text: String) -> String {
      "  " + name.padding(toLength: 12, withPad: " ", startingAt: 0) + text
    }
    var lines = ["\(name): \(kind), \(rows) rows"]
    if isQuoted {
      lines.append(
        line(
          "quotes", "fields are quoted as pandas writes them, which TSV does not know: `use: csv` with `separator: tab`"
        ))
    }
    if !columns.isEmpty { lines.append(line("columns", columnsInWords)) }
    if !classes.isEmpty { lines += [line("classes", classesInWords)] }
    if !newLabels.isEmpty {
      let shown = newLabels.prefix(5).joined(separator: ", ") + (newLabels.count > 5 ? ", …" : "")
      lines.append(line("", "\(newLabels.count) of them are not in the first file: \(shown)"))
    }
    if let scores { lines.append(line("scores", "from \(scores[0]) to \(scores[1])")) }
    lines.append(line("lengths", lengthsInWords(report)))
    lines.append(line("duplicates", counted(duplicates, "row(s) repeat(s) an earlier text", firstDuplicates)))
    if columns.contains(where: { ["label", "labels", "score"].contains($0.role) }) {
      lines.append(line("conflicts", counted(conflicts, "text(s) with different answers", firstConflicts)))
    }
    let places = firstEmpty.map { "\($0)" }.joined(separator: ", ") + (empty > firstEmpty.count ? ", …" : "")
    lines.append(line("empty", empty == 0 ? "none" : "\(empty) without text: line \(places)"))
    return lines
  }

  private var kind: String {
    switch format {
    case "tsv": "TSV"
    case "csv":
      separator == "," ? "CSV" : "CSV separated by \(separator.map { $0 == "tab" ? "tabs" : "'\($0)'" } ?? "")"
    case "jsonl": "JSON Lines"
    default: "a text in each line"
    }
  }

  private var columnsInWords: String {
    let used = ["text", "pair", "label", "labels", "score"].compactMap { (role: String) in
      columns.first { $0.role == role }.map { "\(role): \($0.name)" }
    }
    let others = columns.filter { $0.role == nil }.map { column in
      "\(column.name) (\(column.distinct) different"
        + (column.filled < rowsLookedAt ? ", \(column.filled) filled)" : ")")
    }
    let shown = others.prefix(12).joined(separator: ", ") + (others.count > 12 ? ", …" : "")
    return used.joined(separator: ", ")
      + (others.isEmpty
        ? "" : "; not used: \(shown)" + (rowsLookedAt < rows ? ", in the first \(rowsLookedAt) rows" : ""))
  }

  private var classesInWords: String {
    func share(_ own: DataReport.Class) -> String {
      "\(own.label) \(own.rows) (\(Report.fixed(100 * Double(own.rows) / Double(max(1, rows)), 1)) %)"
    }
    let isLong = classes.count > 12
    let shown = isLong ? classes.prefix(4).map(share) + ["…"] + classes.suffix(3).map(share) : classes.map(share)
    let ratio = Double(classes.first?.rows ?? 0) / Double(max(1, classes.last?.rows ?? 1))
    return "\(classes.count): " + shown.joined(separator: ", ")
      + (ratio >= 1.5 ? "; the largest is \(Report.fixed(ratio, 1)) times the smallest" : "")
  }

  private func lengthsInWords(_ report: DataReport) -> String {
    let unit =
      report.tokenizer.map { "tokens of \(URL(filePath: $0).lastPathComponent)" }
      ?? "words (no tokenizer: --model names one)"
    let cut = lengths.cut.map {
      $0 == 0
        ? "; none is cut at \(report.maximumLength)"
        : "; \($0) (\(Report.fixed(100 * Double($0) / Double(max(1, rows)), 1)) %) are cut at \(report.maximumLength)"
    }
    return "\(unit): mean \(Report.fixed(lengths.mean, 1)), half up to \(lengths.median), 95 % up to \(lengths.p95), "
      + "99 % up to \(lengths.p99), longest \(lengths.longest)" + (cut ?? "")
  }

  /// A number of findings, in the singular or the plural, with the first ones.
  private func counted(_ count: Int, _ what: String, _ first: [FileInspection.Repetition]) -> String {
    guard count > 0 else { return "none" }
    let words = what.replacing("(s)", with: "§", maxReplacements: 1)
      .replacing("§", with: count == 1 ? "" : "s").replacing("(s)", with: count == 1 ? "s" : "")
    let shown = first.prefix(3).map { found in
      let answers = found.answers.map { " (\($0[0]), \($0[1]))" } ?? ""
      return
        "\n                lines \(found.lines[0]) and \(found.lines[1])\(answers): \(found.text.escapingControls())"
    }
    return "\(count) \(words)" + shown.joined()
  }
}
