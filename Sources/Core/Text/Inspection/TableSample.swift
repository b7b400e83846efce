import DistillFormats

/// What the first rows of a file say about its format and its columns.
package struct TableSample: Sendable {
  /// A column, as the first rows have it.
  package struct Column: Sendable {
    package let name: String
    /// The number of rows that have a value in it which is not empty.
    package fileprivate(set) var filled = 0
    /// The number of different values.
    package var distinct: Int { values.count }
    /// The number of values that are numbers.
    fileprivate(set) var numbers = 0
    /// Whether a number has digits behind its point that are not 0.
    fileprivate(set) var hasFractions = false
    fileprivate var words = 0
    private var values: Set<String> = []
    private var hasLists = false

    fileprivate init(_ name: String) { self.name = name }

    /// The mean number of words.
    var meanWords: Double { Double(words) / Double(max(1, filled)) }
    /// Whether its values are written language rather than names, numbers or labels.
    var isText: Bool { !hasLists && filled > 0 && 2 * numbers < filled && meanWords >= 2 }
    /// Whether its values are lists of labels: arrays of JSON, or texts that bars cut into fewer different parts than there are texts.
    var isList: Bool {
      if hasLists || !values.contains(where: { $0.contains("|") }) { return hasLists }
      let parts = Set(values.flatMap { $0.split(separator: "|", omittingEmptySubsequences: false) })
      return parts.count < values.count && !parts.contains("")
    }

    fileprivate mutating func add(_ value: Field) {
      if value.items != nil { hasLists = true }
      guard !value.text.isEmpty else { return }
      filled += 1
      values.insert(value.text)
      words += value.text.split(whereSeparator: \.isWhitespace).count
      if let number = value.number, number.isFinite {
        numbers += 1
        if number != number.rounded() { hasFractions = true }
      }
    }
  }

  /// The format, or `nil` for a file with one text in each line.
  package let format: RowLayout.Format?
  /// What is between the fields of CSV.
  package let separator: UInt8
  /// The columns in the order of the file. Empty if there is one text in each line.
  package private(set) var columns: [Column] = []
  /// Whether the file begins with a row and has the columns of CoLA, whose files have no header.
  package let isCoLA: Bool
  /// The number of rows that were looked at.
  package private(set) var rows = 0

  /// The largest number of rows that are looked at.
  static let most = 1_000

  /// Looks at the first rows of a file.
  ///
  /// - Throws: ``TextFileError`` if the file cannot be read or has no header.
  package init(_ source: TextSource) throws {
    let named = source.file.flatMap { RowLayout.Format(named: $0) }
    var lines = try source.lines()
    guard let first = try lines.text() else { throw lines.problem(1, "is empty") }
    isCoLA = Self.isCoLA(LineReader.fields(first))
    if first.first(where: { !$0.isWhitespace }) == "[", named == .jsonl || named == nil {
      throw lines.problem(1, "is a JSON array; JSON Lines has an object in each line, and `jq -c '.[]'` makes them")
    }
    (format, separator) = try Self.format(of: first, named: named, source)
    switch format {
    case nil: return
    case .jsonl: try addObjects(source)
    case .csv, .tsv: try addRecords(source)
    }
  }

  private static func isCoLA(_ fields: [String]) -> Bool {
    fields.count == 4 && ["0", "1"].contains(fields[1]) && ["", "*"].contains(fields[2])
  }

  /// Returns the format and the separator that suit the first line, those first that the name of the file stands for.
  private static func format(of first: String, named: RowLayout.Format?, _ source: TextSource) throws -> (
    RowLayout.Format?, UInt8
  ) {
    let (comma, tab) = (UInt8(ascii: ","), UInt8(ascii: "\t"))
    let isObject = first.utf8.first { $0 != UInt8(ascii: " ") } == UInt8(ascii: "{")
    if isObject || named == .jsonl { return (.jsonl, comma) }
    let candidates: [(RowLayout.Format, UInt8)] =
      named == .csv
      ? [(.csv, comma), (.csv, UInt8(ascii: ";")), (.csv, tab), (.csv, UInt8(ascii: "|"))]
      : [(.tsv, comma), (.csv, comma), (.csv, UInt8(ascii: ";")), (.csv, UInt8(ascii: "|"))]
    for (format, separator) in candidates where first.utf8.contains(format == .tsv ? tab : separator) {
      if named == .csv || named == .tsv && format == .tsv { return (format, separator) }
      if try isTable(source, format, separator) { return (format, separator) }
    }
    return (named, comma)
  }

  /// Whether the first line could be a header, and some lines behind it have as many fields.
  private static func isTable(_ source: TextSource, _ format: RowLayout.Format, _ separator: UInt8) throws -> Bool {
    var lines = try source.lines()
    func next() throws -> [String]? {
      try (format == .tsv ? lines.tabbed() : lines.commaSeparated(by: separator))?.fields
    }
    guard let header = try? next(), header.count > 1 else { return false }
    if isCoLA(header) { return format == .tsv }
    guard header.allSatisfy({ !$0.isEmpty && $0.count <= 60 && Double($0) == nil }), Set(header).count == header.count
    else { return false }
    for _ in 0..<20 {
      guard let row = try? next() else { break }
      if row.count != header.count { return false }
    }
    return true
  }

  private mutating func addRecords(_ source: TextSource) throws {
    var lines = try source.lines()
    let (format, separator) = (format, separator)
    func next() throws -> [String]? {
      try (format == .tsv ? lines.tabbed() : lines.commaSeparated(by: separator))?.fields
    }
    if isCoLA {
      columns = TaskDefinition.named("cola")?.layout.impliedHeader?.map(Column.init) ?? []
    } else {
      let header = try next() ?? []
      if let place = header.firstIndex(where: { $0.isEmpty || Double($0) != nil }), header.count > 1 {
        throw lines.problem(
          1,
          "field \(place + 1) is \(header[place].isEmpty ? "empty" : "a number"): the first line has to name the columns"
        )
      }
      columns = header.map(Column.init)
    }
    // Malformed rows are told by whoever reads all rows.
    while rows < Self.most, let fields = try? next() {
      guard fields.count == columns.count else { continue }
      rows += 1
      for (place, field) in fields.enumerated() { columns[place].add(Field(cell: field)) }
    }
  }

  private mutating func addObjects(_ source: TextSource) throws {
    var lines = try source.lines()
    var places: [String: Int] = [:]
    while rows < Self.most, let line = try? lines.text() {
      guard let object = try? JSON(parsing: Array(line.utf8)), object.object != nil else { continue }
      rows += 1
      for (path, value) in object.leaves() {
        if places[path] == nil {
          places[path] = columns.count
          columns.append(Column(path))
        }
        columns[places[path] ?? 0].add(value)
      }
    }
    guard rows == 0 else { return }
    // No line is an object: the reader of all rows says what each of them is.
    var reader = try RowReader(source.lines(), RowLayout(.jsonl, text: "", target: ""), columns: [], plain: false)
    try reader.forEach { _ in }
  }
}

extension JSON {
  /// The texts, numbers and truth values within an object, with the dotted paths that lead to them.
  fileprivate func leaves(below path: String = "") -> [(String, Field)] {
    func within(_ step: String) -> String { path.isEmpty ? step : "\(path).\(step)" }
    switch self {
    case .object(let members): return members.flatMap { $0.value.leaves(below: within($0.key)) }
    case .array(let items)
    where TableSample.labels.contains(TableSample.word(path)) && items.allSatisfy({ $0.string != nil }):
      let labels = items.compactMap(\.string)
      var list = Field(text: labels.joined(separator: "|"), number: nil)
      list.items = labels
      return [(path, list)]
    case .array(let items): return items.prefix(20).enumerated().flatMap { $1.leaves(below: within("\($0)")) }
    case .string(let text): return [(path, Field(text: text, number: nil))]
    case .number(let number): return [(path, Field(text: "\(number)", number: number))]
    case .bool(let flag): return [(path, Field(text: "\(flag)", number: nil))]
    case .null: return []
    }
  }
}
