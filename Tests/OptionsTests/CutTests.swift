import DistillOptions
import DistillYAML
import Foundation
import Testing

/// A mistake of syntax, which nothing can be read beyond, hides nothing that stands before it; and nothing is said to be missing
/// that may stand below.
@Suite struct CutTests {
  @Test(arguments: [
    ("name: 5\nnote: [1\nlosses: x", ["1:7 expected a text", "2:7 did not find"]),
    (
      "nmae: x\ntraining: {epochs: 0}\noutput: [\n",
      ["1:1 unknown key `nmae`", "2:20 ", "4:1 did not find expected node"]
    ),
    // The section before the last key is whole.
    ("warmup: {}\ntraining: {seed: 1}\nnote: b: c", ["2:11 missing key `epochs`", "3:8 mapping values"]),
    ("training: {epochs: x}\nnote: b: c", ["1:20 expected a whole number", "2:8 mapping values"]),
    // More may follow in the last one.
    ("training:\n  seed: 1\n  shuffle: b: c", ["3:13 mapping values"]),
    ("training:\n    seed: 1\n  epochs: 2", ["3:3 did not find expected key"]),
    // A text that reaches the mistake is none.
    ("training:\n  seed: 3\n   epochs: 4", ["3:10 mapping values"]),
    ("name: 5\ntraining: {epochs: \"1, seed: 2}\nnote: \"x\"", ["1:7 expected a text", "2:20 did not find"]),
    ("name: 5\ntraining:\n\tepochs: 1", ["1:7 expected a text", "3:1 a tab in the indentation"]),
    (
      "losses:\n  - {use: cls-cosin}\n  - {weight: -1}\n  - {use: hnsw]\n",
      ["2:11 unknown", "3:5 missing key `use`", "3:14 ", "4:15 "]
    ),
    ("losses:\n  - use: cls-cosine\n    layers:\n      - 1\n      - x\n     - 2", ["6:6 did not find"]),
    ("warmup: {share: 0, floor: 1}\nname: *x", ["1:27 the floor lies above", "2:7 the alias"]),
    ("warmup:\n  floor: 1\n  share: @", ["3:10 found character"]),
    (
      "name: ${NAME}\nnote: ${training.epochs}\noutput: ]", ["1:7 the environment variable `NAME`", "3:9 did not find"]
    ),
    ("name: x\ntraining: {epochs: 1}\n---\n- [", ["3:1 a second document begins here"]),
    ("just a text\nb: c: d", ["2:2 mapping values"]),
  ]) func tellsWhatStandsBefore(text: String, expected: [String]) throws {
    var document = YAMLDocument(text)
    document.substitute(environment: [:])
    let found = try Kitchen.problems(document)
    #expect(found.count == expected.count, "\(found)")
    for (found, expected) in zip(found, expected) { #expect(found.hasPrefix(expected), "\(found)") }
  }

  @Test func overridesAreJudgedAllTheSame() throws {
    var document = YAMLDocument("name: x\nlosses: [")
    for (path, value) in [
      ("training.seed", "1"), ("training.epoch", "1"), ("losses[3].weight", "1"), ("warmup.share", "2"),
    ] {
      document.set(path, value)
    }
    let found = try Kitchen.problems(document)
    let expected = ["2:10 did not find expected node", "1:10 unknown key `epoch`", "1:14 "]
    #expect(found.count == expected.count, "\(found)")
    for (found, expected) in zip(found, expected) { #expect(found.hasPrefix(expected), "\(found)") }
  }

  @Test func aFileAndItsBaseAreBothTold() throws {
    let shelf = try Shelf([
      "base.yaml": "name: base\ntraining: {epochs: 0}\nwarmup: {share: 2}\nnote: [",
      "whole.yaml": "extends: base.yaml\noutput: 5\ntraining: {epochs: 1}",
      "cut.yaml": "extends: sound.yaml\noutput: 5\nnote: ]", "sound.yaml": "name: ${training.rate}\nnote: ${NOTE}",
    ])
    for (file, places) in [
      ("whole.yaml", ["whole.yaml:2:9", "base.yaml:3:17", "base.yaml:4:8"]),
      ("cut.yaml", ["cut.yaml:2:9", "cut.yaml:3:7"]),
    ] {
      let found = try shelf.problems(file)
      #expect(found.map { String($0.prefix { $0 != " " }) } == places, "\(found)")
    }
  }

  /// A sound file that breaks off with a mistake of syntax, wherever that is, has one mistake.
  @Test(arguments: ["]", "  x: y: z", "@", "   k: [1", "\"", "    - @", "- *x", "{a: b"])
  func nothingIsInvented(mistake: String) throws {
    let lines = Kitchen.valid.split(separator: "\n")
    for count in 0...lines.count {
      let text = lines.prefix(count).joined(separator: "\n") + "\n" + mistake
      let found = try Kitchen.problems(text)
      #expect(found.count == 1, "\(text)\n\(found)")
    }
  }
}
