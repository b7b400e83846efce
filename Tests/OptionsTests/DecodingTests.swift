import DistillOptions
import DistillYAML
import Foundation
import Testing

@Suite struct DecodingTests {
  @Test func everyKindOfOption() throws {
    let document = YAMLDocument(Kitchen.valid, folder: URL(filePath: "/data/here"))
    let decoded = try Kitchen.decode(document)
    let kitchen = decoded.value
    #expect(kitchen.name == "a kitchen")
    #expect(kitchen.note == nil)
    #expect(kitchen.output.url.path == "/data/here/runs/one")
    #expect(kitchen.layerMap == .pairs([[1, 2], [2, 4]]))
    #expect(kitchen.training == Training(epochs: 4, rate: 1e-5, seed: .max, shuffle: true))
    #expect(kitchen.warmup == Warmup(share: 0.5))
    #expect(kitchen.losses.map(\.weight) == [1, 0.5])
    #expect(kitchen.losses[0].term as? Cosine == Cosine(form: .squared, layers: [1, 2]))
    #expect(kitchen.losses[1].term as? Relational == Relational(temperature: 0.07))
    #expect((kitchen.index as? Graph)?.m == 8)
    #expect("\(decoded.source.range(of: "losses[1].temperature"))" == "text.yaml:11:18")
    #expect("\(decoded.source.range(of: "losses[0].form"))" == "text.yaml:8:29")
    // What is not written is where its mapping is.
    #expect("\(decoded.source.range(of: "losses[0].weight"))" == "text.yaml:8:5")
    #expect("\(decoded.source.range(of: "index"))" == "text.yaml:12:8")
  }

  @Test func allMistakesAtOnceInOrder() throws {
    let text = """
      name: 7
      trainign: {epochs: 1}
      training:
        epochs: 0
        learning_rate: fast
        shuffle: yes
      losses:
        - {use: relational-lk}
        - {use: cls-cosine, form: cubic, layers: [0, 1, x]}
        - {use: relational-kl, temprature: 1}
        - {weight: -1}
      index: hnsw
      """
    #expect(
      try Kitchen.problems(text) == [
        "1:7 expected a text, found the number 7 (put it in quotes: \"7\")",
        "2:1 unknown key `trainign` (did you mean `training`, which is given in text.yaml:3:1?)",
        "4:11 must be at least 1, found 0",
        "5:18 expected a number, found the text \"fast\"",
        "6:12 expected `true` or `false`, found `yes` (write `true` if a boolean is meant, or put it in quotes if text is meant)",
        "8:11 unknown loss `relational-lk` (did you mean `relational-kl`?)",
        "9:29 expected `plain` or `squared`, found the text \"cubic\" (known here: `plain`, `squared`)",
        "9:45 must be at least 1, found 0",
        "9:51 expected a whole number, found the text \"x\"",
        "10:26 unknown key `temprature` (did you mean `temperature`?)",
        "11:5 missing key `use` (known here: `relational-kl`, `cls-cosine`)",
        "11:14 must be at least 0, found -1",
        "12:8 expected a mapping whose `use` names a plugin of kind index, found the text \"hnsw\" (write {use: hnsw})",
      ])
  }

  @Test(arguments: [
    ("note: no", "2:7 expected a text, found `no`"), ("note: 010", "2:7 expected a text, found `010`"),
    ("note: [a]", "2:7 expected a text, found a list"), ("note: 1_000", "2:7 expected a text, found `1_000`"),
    ("training: {epochs: 010}", "2:20 expected a whole number, found `010` (write `10`"),
    ("training: {epochs: 1_000}", "2:20 expected a whole number, found `1_000` (write `1000`"),
    ("training: {epochs: 0x10}", "2:20 expected a whole number, found `0x10` (write `16`"),
    ("training: {epochs: 1.5}", "2:20 expected a whole number, found the number 1.5"),
    ("training: {epochs: \"3\"}", "2:20 expected a whole number, found the text \"3\" (remove the quotes)"),
    ("training: {epochs: }", "2:20 expected a whole number, found nothing"),
    ("training: {epochs: 99999999999999999999}", "2:20 must lie between -9223372036854775808 and"),
    ("training: {epochs: 1, seed: -1}", "2:29 must lie between 0 and 18446744073709551615, found -1"),
    ("training: {epochs: 1, learning_rate: .nan}", "2:38 expected a number, found `.nan` (NaN and infinity"),
    ("training: {epochs: 1, learning_rate: 1e999}", "2:38 the number 1e999 is too large for a Double"),
    ("training: {epochs: 1, shuffle: True}", "2:32 expected `true` or `false`, found `True` (write `true`"),
    ("warmup: {share: 1e-99}", "2:17 the number 1e-99 is too small for a Float"),
    ("warmup: {share: 1.0000000001}", "2:17 must be between 0 and 1, found 1.0000000001"),
    ("warmup: {floor: 0.5}", "2:17 the floor lies above the share (lower it)"),
    ("warmup: [1]", "2:9 expected a mapping, found a list"),
    ("losses: {}", "2:9 expected a list of mappings, found a mapping (put `- ` before each mapping)"),
    ("warmup: true", "2:9 expected a mapping, found the boolean true (its keys are `share`, `floor`)"),
    ("index: {use: hnsw, m: 8.0}", "2:23 expected a whole number, found the number 8.0 (write `8`)"),
    ("index: {use: hn}", "2:14 unknown index `hn` (known here: `hnsw`)"),
    ("index: {use: hns}", "2:14 unknown index `hns` (did you mean `hnsw`?)"),
    ("index: {use: hnsw, m:8}", "2:20 unknown key `m:8` (a colon is followed by a space: `m: 8`)"),
    ("losses: [x]", "2:10 expected a mapping, found the text \"x\""),
    ("layer_map: last", "2:12 expected `uniform` or a list of lists of whole numbers, found the text \"last\""),
    ("index: {use: hsnw}", "2:14 unknown index `hsnw` (did you mean `hnsw`?)"),
    ("index: {use: cls-cosine}", "2:14 unknown index `cls-cosine` (that is a loss; known here: `hnsw`)"),
    ("index: {use: [hnsw]}", "2:14 expected the name of a plugin of kind index, found a list"),
    ("output: [a]", "2:9 expected a path, found a list"),
  ])
  func mistakes(line: String, expected: String) throws {
    let rest = line.hasPrefix("training") ? "" : "\ntraining: {epochs: 1}"
    let problems = try Kitchen.problems("name: x\n" + line + rest)
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix(expected) == true, "\(problems)")
  }

  /// A misspelt key or name is one mistake, and hides none in what it stands for.
  @Test(arguments: [
    ("nmae: 7", ["1:1 unknown key `nmae` (did you mean `name`?)", "1:7 expected a text, found the number 7"]),
    (
      "name: x\nlosess: [{ues: relational-lk, temperature: 0}, {use: cls-cosin, layers: [1, 0]}]",
      [
        "2:1 unknown key `losess`", "2:11 unknown key `ues` (did you mean `use`?)",
        "2:16 unknown loss `relational-lk` (did you mean", "2:44 must be greater than 0",
        "2:54 unknown loss `cls-cosin` (did you mean", "2:77 must be at least 1",
      ]
    ),
    (
      "name: x\nlosses: [cls-cosine]",
      ["2:10 expected a mapping, found the text \"cls-cosine\" (write {use: cls-cosine})"]
    ),
    ("name: x\nseed: 3", ["2:1 unknown key `seed` (`seed` is an option of `training`)"]),
    ("nаme: x", ["1:1 unknown key `nаme` (did you mean `name`?; here is U+0430 CYRILLIC SMALL LETTER A)"]),
    (
      "name: x\nindex: {use: hnsw, m: 8\u{A0}}",
      ["2:23 expected a whole number, found the text \"8\u{A0}\" (there is U+00A0"]
    ),
    ("name: x\nlayer_map: unifrm", ["2:12 expected `uniform` or a list"]),
  ])
  func misspellings(text: String, expected: [String]) throws {
    let problems = try Kitchen.problems(text + "\ntraining: {epochs: 1}")
    #expect(problems.count == expected.count, "\(problems)")
    for (problem, expected) in zip(problems, expected) { #expect(problem.hasPrefix(expected)) }
  }

  /// What can still be used of a file with mistakes: each of them leaves the rest known.
  @Test func aDraftKnowsWhatItKnows() throws {
    let text = """
      nmae: x
      training: {epochs: 0, seed: 5}
      losses: [{use: cls-cosine, layers: [0, 7], form: cubic}, {use: nothing}]
      """
    let draft = try YAMLDocument(text).draft(Kitchen.self, registry: Kitchen.registry())
    #expect(draft.problems.count == 5)
    #expect(draft.value.name == "x" && draft.value.training.seed == 5)
    #expect("\(draft.source.range(of: "name"))" == "text.yaml:1:7")
    // Another item stands for the broken one, so that the rest of the list can be judged.
    #expect((draft.value.losses[0].term as? Cosine)?.layers == [7, 7])
    for path in ["name", "training", "training.seed", "losses[0]", "losses[0].layers", "losses[0].layers[1]", "index"] {
      #expect(draft.source.isKnown(path), "\(path)")
    }
    for path in ["training.epochs", "losses[0].layers[0]", "losses[0].form", "losses[1]", "losses[1].weight"] {
      #expect(!draft.source.isKnown(path), "\(path)")
    }
    #expect(!draft.source.isWhole("training") && !draft.source.isWhole("losses[0]"))
    #expect(draft.source.isWhole("losses") && draft.source.isWritten("training.seed"))
    #expect(!draft.source.isWritten("index"))
  }

  /// A judgement that rests on an option is not passed while that option is not known.
  @Test func rejectionsRestOnOtherOptions() throws {
    struct Pair: Configurable {
      var low = 0
      var list = [0]
      mutating func options(_ visit: inout OptionVisitor) {
        visit("low", &low, "Low.")
        visit("list", &list, "List.")
        for (index, item) in list.enumerated() where item <= low {
          visit.reject("list[\(index)]", "too low", given: ["low"])
        }
      }
    }
    func places(_ text: String) throws -> [Int] {
      try #require(throws: Diagnostics.self) { try YAMLDocument(text).decode(Pair.self) }.list.map(\.range.column)
    }
    #expect(try places("{low: 3, list: [4, 3, 2]}") == [20, 23])
    #expect(try places("{low: x, list: [4, 3, 0]}") == [7])
    #expect(try places("{low: 3, list: [4, x, 2]}") == [20, 23])
  }

  @Test func missingKeysAreReportedAtTheirMapping() throws {
    #expect(
      try Kitchen.problems("note: x") == [
        "1:1 missing key `name` (The name.)", "1:1 missing key `training.epochs` (Passes over the data.)",
      ])
    #expect(
      try Kitchen.problems("name: x\ntraining:\n  seed: 1") == ["3:3 missing key `epochs` (Passes over the data.)"])
    #expect(try Kitchen.problems("name: x\ntraining: {}") == ["2:11 missing key `epochs` (Passes over the data.)"])
  }

  @Test func nullEmptiesWhatMayBeEmpty() throws {
    let decoded = try Kitchen.decode(YAMLDocument("name: x\nnote: ~\ntraining: {epochs: 1}\nwarmup: null\nindex:"))
    #expect(decoded.value.note == nil && decoded.value.warmup == nil && decoded.value.index == nil)
  }

  /// What failed to decode holds its default, which says nothing about the file.
  @Test func rejectionsOfWhatFailedAreLeftOut() throws {
    struct Counted: Configurable {
      var count = 0
      mutating func options(_ visit: inout OptionVisitor) {
        visit("count", &count, "How many.")
        if count == 0 { visit.reject("count", "none") }
      }
    }
    for (text, message) in [("count: 0", "none"), ("count: x", "expected a whole number, found the text \"x\"")] {
      let error = try #require(throws: Diagnostics.self) { try YAMLDocument(text).decode(Counted.self) }
      #expect(error.list.map(\.message) == [message])
    }
  }

  /// Two options of one name would silently share a value.
  @Test func anOptionListedTwiceIsToldApart() throws {
    struct Twice: Configurable {
      var a = 1
      var b = 2
      mutating func options(_ visit: inout OptionVisitor) {
        visit("a", &a, "One.")
        visit("a", &b, "Other.")
      }
    }
    #expect(throws: Diagnostics.self) { try YAMLDocument("a: 1").decode(Twice.self) }
  }
}
