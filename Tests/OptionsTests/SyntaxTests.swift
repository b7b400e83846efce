import DistillOptions
import DistillYAML
import Foundation
import TestSupport
import Testing

@Suite struct SyntaxTests {
  @Test(arguments: [
    ("", ["1:1 the file is empty"]),
    ("# nothing\n", ["1:1 the file is empty"]),
    ("---\n", ["2:1 expected a mapping, found nothing (give a value, or leave the key out)"]),
    ("- a\n", ["1:1 expected a mapping, found a list"]),
    ("  text", ["1:3 expected a mapping, found the text \"text\""]),
    ("a: 1\nb: 2\na: 3", ["3:1 the key `a` is given twice (it was first given on line 1)"]),
    ("a:\n\tb: 1", ["2:1 a tab in the indentation (indent with spaces)"]),
    ("\ta: 1", ["1:1 a tab in the indentation (indent with spaces)"]),
    ("a: text\n\tb: 1", ["2:1 a tab in the indentation (indent with spaces)"]),
    ("a: [1,\n  \t2]", ["2:3 a tab in the indentation (indent with spaces)"]),
    ("a: 1\n---\nb: 1", ["2:1 a second document begins here (a file holds exactly one document)"]),
    ("%YAML 1.1\n---\na: 1", ["1:1 directives are not supported (remove the line with `%`)"]),
    ("a: !!int 5", ["1:4 tags are not supported (remove it: the option decides the type)"]),
    ("a: &x !y {b: 1}", ["1:4 tags are not supported (remove it: the option decides the type)"]),
    ("a: !!python/object:os.system [x]", ["1:4 tags are not supported (remove it: the option decides the type)"]),
    (
      "a: &x {b: 1}\nc:\n  <<: *x",
      ["3:3 merge keys are not supported (spell the keys out, or give the whole mapping as an alias)"]
    ),
    ("a: *x", ["1:4 the alias `*x` has no anchor before it"]),
    ("a: &x [*x]", ["1:8 the alias `*x` has no anchor before it"]),
    ("a: &x 1\nb: &x 2", ["2:4 the anchor `&x` is already in use"]),
    ("[a]: 1", ["1:1 a key must be a word"]),
    ("a: &x b\n*x : 1", ["2:1 a key cannot be an alias"]),
    ("\"\": 1", ["1:1 a key must be a word"]),
    ("a: [1", ["1:4 did not find expected ',' or ']'"]), (": 1", ["1:1 did not find expected key"]),
    ("a: b: c", ["1:5 mapping values are not allowed in this context (a colon followed by a space"]),
    ("a: @b", ["1:4 found character that cannot start any token while scanning for the next token (put"]),
    ("a: [1, 2\nb: 3", ["1:4 did not find expected ',' or ']' while parsing a flow sequence (a comma or"]),
    ("a: [\n  {b: 1}\n  {b: 2}\n]", ["3:3 did not find expected ',' or ']' while parsing a flow sequence (a comma or"]),
    ("a: 1\nb\nc: 1", ["2:1 could not find expected ':' while scanning a simple key (a key is followed by a colon"]),
    ("a: \"1\nb: 2\n", ["1:4 found unexpected end of stream while scanning a quoted scalar (a quote is not closed)"]),
    (
      "a: \"1\nb: 2\nc: \"3\"",
      ["1:4 did not find expected key while parsing a block mapping (the quote that begins here ends in"]
    ),
    (
      "a: {b: ${c}}",
      ["1:9 did not find expected ',' or '}' while parsing a flow mapping (put a text with `${...}` in quotes"]
    ),
    ("a:\u{A0}1\nb: 2\n", ["1:3 mapping values are not allowed in this context (there is a no-break"]),
    ("é: \"a\u{1}\"", ["1:6 control characters are not allowed"]),
    ("😀: 1\n日本: {é: *é}", ["2:10 did not find expected alphabetic or numeric character while scanning an alias"]),
    (String(repeating: "[", count: 100_000), ["1:65 nested more than 64 levels deep"]),
    (String(repeating: "[\n", count: 100_000), ["65:1 nested more than 64 levels deep"]),
    (String(repeating: "{a: ", count: 100_000), ["1:257 nested more than 64 levels deep"]),
    (String(repeating: "- ", count: 100_000), ["1:129 nested more than 64 levels deep"]),
    (String(repeating: "? ", count: 100_000), ["1:129 nested more than 64 levels deep"]),
    (String(repeating: "a", count: 1 << 20 + 1), ["1:1 the file is larger than 1048576 bytes"]),
  ])
  func broken(text: String, expected: [String]) {
    let found = problems(YAMLDocument(text))
    #expect(found.count == expected.count, "\(found)")
    for (found, expected) in zip(found, expected) { #expect(found.hasPrefix(expected)) }
  }

  @Test func invalidUTF8() {
    let folder = URL(filePath: ".")
    #expect(
      problems(YAMLDocument(Data("a: 1\né: ".utf8) + [0xFF, 0x41], name: "x", folder: folder)) == [
        "2:4 this is not valid UTF-8 (save the file as UTF-8)"
      ])
    #expect(
      problems(YAMLDocument(Data([0xFF, 0xFE, 0x41, 0]), name: "x", folder: folder)) == [
        "1:1 this is not valid UTF-8 (save the file as UTF-8)"
      ])
  }

  @Test func filesThatCannotBeRead() {
    #expect(problems(YAMLDocument(file: "/nowhere/x.yaml")) == ["1:1 cannot be read: there is no such file"])
    #expect(problems(YAMLDocument(file: "/")) == ["1:1 cannot be read: it is a folder"])
    #expect(problems(YAMLDocument(file: "/dev/zero")) == ["1:1 the file is larger than 1048576 bytes"])
    #expect(problems(YAMLDocument(file: "/dev/null")) == ["1:1 the file is empty"])
  }

  /// 10⁹ values in a few lines: refused long before they are made.
  @Test func aliasBomb() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<9 {
      let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(items)]\n"
    }
    #expect(problems(YAMLDocument(text)) == ["4:45 aliases stand for more than 10000 values"])
    let nested = (1..<40).map { "b\($0): &b\($0) [[*b\($0 - 1)]]\n" }.joined()
    #expect(problems(YAMLDocument("b0: &b0 x\n" + nested)) == ["33:13 nested more than 64 levels deep"])
  }

  /// A megabyte of mistakes costs neither minutes nor a megabyte of messages.
  @Test(.timeLimit(.minutes(1))) func manyMistakes() throws {
    let texts = [
      (0..<80_000).map { "k\($0): 1\n" }.joined(),
      "a: [" + String(repeating: "!t x, ", count: 160_000) + "]",
      "a: [" + (0..<80_000).map { "&a\($0) x" }.joined(separator: ", ") + ", *b]",
      "a: [" + String(repeating: "\"\n\", ", count: 150_000) + "]",
      String(repeating: "a: 1\n", count: 190_000),
    ]
    for text in texts {
      // Not `#require(throws:)`, which reflects over every line of the source.
      do throws(Diagnostics) {
        _ = try YAMLDocument(text).decode(Kitchen.self)
        Issue.record("no mistake was found")
      } catch {
        let (count, length) = (error.list.count, error.rendered().utf8.count)
        #expect(count <= 100 && length < 50_000)
      }
    }
  }

  @Test func whatIsAllowed() throws {
    let text = "\u{FEFF}---\na: &x {b: 1}\r\nc: *x\nd: |\n  x\n  \ty\ne: \"p\n\tq\"\n# \tcomment\n \n...\n"
    let document = YAMLDocument(text)
    #expect(document.diagnostics.isEmpty)
    let root = try #require(document.root)
    #expect(root["a"]?["b"]?.range.description == "text.yaml:2:11")
    #expect(root["a"]?.range.description == "text.yaml:2:4")
    #expect(root["c"]?["b"]?.scalar?.text == "1")
    #expect(root["c"]?.range.description == "text.yaml:3:4")
    #expect(root["d"]?.scalar?.text == "x\n\ty\n")
    #expect(root["e"]?.scalar?.text == "p q")
  }

  @Test(arguments: [
    ("1", Scalar.Meaning.integer), ("-0", .integer), ("+5", .integer), ("1e-5", .real), ("1.", .real), (".5", .real),
    ("1E5", .real), ("-.5e+3", .real), (".", .text), ("1e", .text), ("e5", .text), ("1.2.3", .text), ("-", .text),
    ("1_000", .ambiguousNumber("1000")), ("010", .ambiguousNumber("10")), ("-007.5", .ambiguousNumber("-7.5")),
    ("00", .ambiguousNumber("0")), ("0b101", .ambiguousNumber("5")), ("0o17", .ambiguousNumber("15")), ("0xg", .text),
    ("YES", .ambiguousBoolean(true)), ("Off", .ambiguousBoolean(false)), ("FALSE", .ambiguousBoolean(false)),
    ("true", .boolean(true)), ("~", .null), ("Null", .null), (".NaN", .nonFinite), ("-.inf", .nonFinite),
    ("inf", .text),
    ("١", .text), ("1١", .text), ("2024-01-01", .text), ("1:30", .text), ("_1", .text), ("y", .text),
  ])
  func plainScalars(text: String, meaning: Scalar.Meaning) {
    #expect(Scalar(text, isPlain: true).meaning == meaning)
    #expect(Scalar(text, isPlain: false).meaning == .text)
  }

  /// Mutations of a valid file: never a crash, never a place outside the file, always the same answer.
  @Test(arguments: [1, 2, 3, 4])
  func mutations(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let pieces =
      Array("[]{}:-,&*!|>'\"%@`#?~ \t\n\r\0\u{7F}é😀\u{FEFF}\u{85}0123eE._+xyn<<".utf8).map { [$0] }
      + ["${name}", "${training.epochs}", "$${", "${", "${X}"].map { Array($0.utf8) }
    for _ in 0..<3_000 {
      var bytes = Array(Kitchen.valid.utf8)
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.remove(at: at)
        case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: at)
        default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
        }
      }
      var document = YAMLDocument(Data(bytes), name: "fuzz", folder: URL(filePath: "."))
      document.substitute(environment: ["X": "${X}"])
      do {
        let text = try Kitchen.decode(document).value.resolvedYAML()
        var again = YAMLDocument(text)
        again.substitute(environment: [:])
        #expect(try Kitchen.decode(again).value.resolvedYAML() == text)
      } catch let error as Diagnostics {
        for problem in error.list {
          let lines = problem.range.source.lines
          #expect((1...lines.count + 1).contains(problem.range.line) && problem.range.column > 0)
          #expect(problem.range.column <= problem.range.sourceLine.unicodeScalars.count + 2)
          #expect(!problem.rendered().isEmpty)
        }
      }
    }
  }

  /// A type without options, so that only the syntax can be wrong.
  private struct Anything: Configurable {
    mutating func options(_ visit: inout OptionVisitor) {}
  }

  private func problems(_ document: YAMLDocument) -> [String] {
    do {
      _ = try document.decode(Anything.self)
      return []
    } catch {
      return error.list.filter { !$0.message.hasPrefix("unknown key") }
        .map { "\($0.range.line):\($0.range.column) \($0.message)" + ($0.hint.map { " (\($0))" } ?? "") }
    }
  }
}
