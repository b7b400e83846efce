/// A table of texts, whose first row is the header and whose first column has the names of the rows.
struct TextTable {
  let cells: [[String]]

  /// The table with aligned columns, for a terminal.
  var text: String {
    let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    var lines = cells.map { row in
      row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + padding : padding + row[column]
      }.joined(separator: "  ")
    }
    lines.insert(String(repeating: "-", count: lines[0].count), at: 1)
    return lines.joined(separator: "\n")
  }

  var markdown: String {
    func line(_ row: [String]) -> String {
      "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let rule = "|---|" + String(repeating: "---:|", count: cells[0].count - 1)
    return ([line(cells[0]), rule] + cells.dropFirst().map(line)).joined(separator: "\n")
  }

  var latex: String {
    let special: [Character: String] = [
      "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}", "~": "\\textasciitilde{}",
      "^": "\\textasciicircum{}", "\\": "\\textbackslash{}", "±": "$\\pm$", "−": "$-$", "…": "\\ldots{}",
      "<": "$<$", "β": "$\\beta$", "τ": "$\\tau$",
    ]
    func line(_ row: [String]) -> String {
      row.map { $0.map { special[$0] ?? String($0) }.joined() }.joined(separator: " & ") + " \\\\"
    }
    let columns = "l" + String(repeating: "r", count: cells[0].count - 1)
    return
      (["\\begin{tabular}{\(columns)}", "\\hline", line(cells[0]), "\\hline"] + cells.dropFirst().map(line)
      + ["\\hline", "\\end{tabular}"]).joined(separator: "\n")
  }

  /// Returns cells as RFC 4180 has them.
  static func csv(_ cells: [[String]]) -> String {
    cells.map { row in
      row.map { cell in
        cell.contains { ",\"\r\n".contains($0) } ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
      }.joined(separator: ",")
    }.joined(separator: "\n")
  }
}
