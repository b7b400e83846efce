extension Report {
  /// The report as a page without scripts, in the colours that the reader's system prefers.
  var html: String {
    let tables = [cells, labelCells].compactMap(\.self).map { cells in
      let rows = cells.enumerated().map { index, row in
        let tag = index == 0 ? "th" : "td"
        return "<tr>" + row.map { "<\(tag)>\(Self.escaped($0))</\(tag)>" }.joined() + "</tr>"
      }
      return "<table>\(rows.joined(separator: "\n"))</table>"
    }
    return """
      <!doctype html>
      <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>\(Self.escaped(name))</title>
      <style>
      :root{color-scheme:light dark}
      body{font:16px system-ui;margin:3em auto;max-width:75em;padding:0 1em}
      td,th{padding:.3em .8em;text-align:right;font-variant-numeric:tabular-nums}td:first-child{text-align:left}
      tr+tr td{border-top:1px solid #8884}svg{max-width:100%;height:auto;font:13px system-ui}
      </style>
      <h1>\(Self.escaped(name))</h1>
      \(tables.joined(separator: "\n"))
      \(notes.map { "<p>\(Self.escaped($0))</p>" }.joined(separator: "\n"))
      \(CostChart(self)?.svg ?? "")
      </html>

      """
  }

  /// Returns a text in which no character is markup.
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
