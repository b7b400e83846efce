import DistillFormats
import DistillText
import Foundation
import TestSupport
import Testing

/// Tables as people have them: CSV, JSON Lines with nested members, compressed files.
@Suite struct TableTests {
  private func task(_ format: RowLayout.Format, text: String = "t", target: String = "l", separator: Character = ",")
    throws
    -> TaskDefinition
  {
    var layout = RowLayout(format, text: text, target: target)
    layout.separator = try #require(separator.asciiValue)
    return try TaskDefinition.generic(layout, labels: ["a", "b"])
  }

  private func read(_ task: TaskDefinition, _ content: Data, named name: String = "rows.csv") throws -> [Example] {
    try TemporaryFolder.with { folder in
      let file = folder.appendingPathComponent(name)
      try content.write(to: file)
      return try task.read(file).examples
    }
  }

  private func problems(_ task: TaskDefinition, _ content: Data) throws -> [TextFileError.Problem] {
    let error = #expect(throws: TextFileError.self) { try read(task, content) }
    return error?.problems ?? []
  }

  @Test func quotesCommasAndLineBreaksBelongToFields() throws {
    // What Python's csv.reader makes of the same bytes.
    let file =
      "\u{FEFF}id,t,l\r\n1,\"a, b\",a\r\n2,\"say \"\"no\"\"\r\nand go\",b\n3,5\" wide,a\n4,\"\"\"\",b\n5,  x ,a\n6,é,b"
    let examples = try read(task(.csv), Data(file.utf8))
    #expect(examples.map(\.text) == ["a, b", "say \"no\"\r\nand go", "5\" wide", "\"", "  x ", "é"])
    #expect(examples.map(\.line) == [2, 3, 5, 6, 7, 8])
    #expect(examples.map(\.target) == [.label(0), .label(1), .label(0), .label(1), .label(0), .label(1)])
  }

  @Test func anotherSeparatorCanBeChosen() throws {
    #expect(try read(task(.csv, separator: ";"), Data("l;t\na;\"x;y\"\nb;x,y\n".utf8)).map(\.text) == ["x;y", "x,y"])
    #expect(try read(task(.csv, separator: "\t"), Data("l\tt\na\t\"x\ty\"\n".utf8)).map(\.text) == ["x\ty"])
    #expect(
      try problems(task(.csv), Data("l;t\na;x\n".utf8))[0].message.hasSuffix("`separator: ';'` may be missing"))
  }

  /// A combining mark forms one character with a comma or a quotation mark before it.
  @Test func bytesAreSplitAndNotCharacters() throws {
    let file = "t,l\n\u{301}x,a\n\"\u{301}y\",b\n"
    #expect(try read(task(.csv), Data(file.utf8)).map(\.text) == ["\u{301}x", "\u{301}y"])
  }

  @Test func aBrokenFileIsToldWithLineAndColumn() throws {
    let cases: [(String, line: Int, message: String)] = [
      ("x\n\"y\"z,a\n", 3, "column 4: text follows a closing quotation mark; within a field it is written twice"),
      ("x,a\n\"y\nz,b\n", 3, "the quotation mark in column 1 is never closed"),
      ("x,a,b\n", 2, "has 3 columns where 2 are expected"),
      ("x,a\n\ny,b\n", 3, "the line is empty"),
      ("x\ry,a\n", 2, "field 1 has a carriage return after 1 bytes; rows end in LF or CRLF"),
    ]
    for (rows, line, message) in cases {
      let found = try problems(task(.csv), Data("t,l\n\(rows)".utf8))
      #expect(found.contains(.init(line: line, message)), "\(rows): \(found)")
    }
    let latin1 = Data("t,l\nok,a\n\"caf".utf8) + Data([0xE9]) + Data("\",b\n".utf8)
    #expect(
      try problems(task(.csv), latin1) == [
        .init(line: 3, "is not valid UTF-8: byte 4 is E9; `iconv -f latin1 -t utf-8` converts a file in Latin-1")
      ])
    #expect(
      try problems(task(.csv), Data([0xFF, 0xFE, 0x74, 0])) == [
        .init("is UTF-16, not UTF-8; `iconv -f utf-16 -t utf-8` converts it")
      ])
  }

  @Test func aDotLeadsIntoMembersAndItems() throws {
    let task = try task(.jsonl, text: "m.0.content", target: "meta.l")
    let rows = #"{"m": [{"content": "x"}], "meta": {"l": "a"}}"# + "\n" + #"{"m.0.content": "y", "meta": {"l": "b"}}"#
    #expect(try read(task, Data(rows.utf8)).map(\.text) == ["x", "y"])
    for row in [#"{"m": [], "meta": {"l": "a"}}"#, #"{"m": [{"content": null}], "meta": {"l": "a"}}"#] {
      #expect(try problems(task, Data(row.utf8)).count == 1)
    }
    #expect(
      try problems(self.task(.jsonl), Data(#"{"t": "x", "l": null}"#.utf8)) == [
        .init(line: 1, "the member 'l' is null; give it a value or leave the row out")
      ])
  }

  @Test func compressedFilesAreRead() throws {
    try TemporaryFolder.with { folder in
      let plain = folder.appendingPathComponent("rows.csv")
      try Data(("t,l\n" + String(repeating: "x y z,a\n", count: 100_000)).utf8).write(to: plain)
      let gzip = Process()
      gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      gzip.arguments = ["gzip", "-k", plain.path]
      try gzip.run()
      gzip.waitUntilExit()
      let file = plain.appendingPathExtension("gz")
      #expect(try task(.csv).read(file).count == 100_000)
      #expect(try task(.csv).survey(file, atMost: 1000).rows < 1000)
      let whole = try Data(contentsOf: file)
      try whole.prefix(whole.count / 2).write(to: file)
      let error = #expect(throws: TextFileError.self) { try task(.csv).read(file) }
      #expect(error?.description.contains("gzip -t") == true)
    }
  }

  @Test func aNameTellsTheFormatOfUnlabelledTexts() throws {
    try TemporaryFolder.with { folder in
      func texts(_ name: String, _ content: String) throws -> [String] {
        let file = folder.appendingPathComponent(name)
        try Data(content.utf8).write(to: file)
        return try task(.tsv).readUnlabelled(file).examples.map(\.text)
      }
      #expect(try texts("a.csv", "n,t\n1,\"x, y\"\n") == ["x, y"])
      #expect(try texts("a.ndjson", #"{"t": "x"}"#) == ["x"])
      #expect(try texts("a.txt", "x, y\n") == ["x, y"])
      #expect(throws: TextFileError.self) { try texts("b.csv", "n,u\n1,2\n") }
      #expect(throws: TextFileError.self) { try texts("c.csv", "t\n") }
      // Where CSV is what the task reads, a line without the header is a text, and a comma is a part of it.
      let lines = try task(.csv).readUnlabelled(Array("one, \"two\n\"three\n".utf8), named: "input").examples
      #expect(lines.map(\.text) == ["one, \"two", "\"three"])
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    var random = SplitMix(state: 7)
    let pieces = ["a", "\"", ",", "\n", "\r\n", " ", "é", "\u{301}", ";", "\t", ""]
    for _ in 0..<200 {
      let fields = (0..<4).map { _ -> String in
        (0..<5).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
      }
      let content = "a,t,b,l\n" + commaSeparated(fields.dropLast() + ["a"]) + "\n"
      #expect(try read(task(.csv), Data(content.utf8))[0].text == fields[1], "\(content.debugDescription)")
    }
  }

  @Test func aTextCanHaveSeveralLabels() throws {
    func task(_ format: RowLayout.Format, _ labels: [String]?) throws -> TaskDefinition {
      try TaskDefinition.generic(RowLayout(format, text: "t", target: "l"), labels: labels ?? [], isMultilabel: true)
    }
    let known = ["a", "b", "c"]
    let expected: [Target] = [.labels([0, 2]), .labels([]), .labels([1])]
    #expect(try read(task(.csv, known), Data("t,l\nx,c|a\ny,\nz,b\n".utf8)).map(\.target) == expected)
    let objects = #"{"t": "x", "l": ["c", "a"]}"# + "\n" + #"{"t": "y", "l": []}"# + "\n" + #"{"t": "z", "l": "b"}"#
    #expect(try read(task(.jsonl, known), Data(objects.utf8)).map(\.target) == expected)
    #expect(try task(.jsonl, known).metrics == [.microF1, .macroF1])
    let mistakes = try problems(task(.csv, known), Data("t,l\nx,a|a\ny,a|d\nz,a|\n".utf8))
    #expect(mistakes.map(\.line) == [2, 3, 4] && mistakes[0].message == "the l has a label twice")
    try TemporaryFolder.with { folder in
      let file = folder.appendingPathComponent("rows.jsonl")
      try Data(objects.utf8).write(to: file)
      #expect(try task(.jsonl, nil).collectingLabels(from: [file]).kind == .multilabel(labels: known))
      let single = try TaskDefinition.generic(RowLayout(.jsonl, text: "t", target: "l"), labels: known)
      let error = #expect(throws: TextFileError.self) { try single.read(file) }
      #expect(error?.description.contains("`multilabel: true`") == true)
    }
  }
}
