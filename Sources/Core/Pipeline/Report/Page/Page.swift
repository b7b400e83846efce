import DistillCore

/// A page that needs no network.
struct Page {
  typealias Section = (id: String, title: String, contents: Markup)
  let title: String
  let sections: [Section]

  var html: String {
    let links = sections.map { "<a href=\"#\($0.id)\">\($0.title)</a>" as Markup }
    let body = sections.map { section -> Markup in
      "<section id=\"\(section.id)\"><h2>\(section.title)</h2>\n\(section.contents)\n</section>"
    }
    let page: Markup = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title)</title>
      <style>\(Markup(stringLiteral: Self.style))</style></head>
      <body><header><h1>\(title)</h1><nav>\(links)</nav></header>
      <main>\(body)</main>
      <footer>swift-distill \(SwiftDistill.version)</footer>
      <script>\(Markup(stringLiteral: Self.script))</script></body></html>

      """
    return page.source
  }
}
