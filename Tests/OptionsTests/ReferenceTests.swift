import DistillOptions
import DistillYAML
import Foundation
import Testing

@Suite struct ReferenceTests {
  private func document(_ text: String, _ environment: [String: String] = [:]) -> YAMLDocument {
    var document = YAMLDocument(text, folder: URL(filePath: "/data/here"))
    document.substitute(environment: environment)
    return document
  }

  @Test func referencesStandForWhatIsThere() throws {
    let kitchen = try Kitchen.decode(
      document(
        """
        name: kitchen-${training.epochs}-${HOME_2}
        note: "${name}/$${losses[0].use}${layer_map}${losses[0].use}"
        output: ${DATA}/runs/${training.seed}
        training: {epochs: "${EPOCHS}", seed: "${training.epochs}", shuffle: false}
        layer_map: uniform
        losses: [{use: cls-cosine, weight: "${RATE}"}]
        """,
        ["EPOCHS": "4", "DATA": "/elsewhere", "HOME_2": "${name}", "RATE": "0.5"])
    ).value
    #expect(kitchen.name == "kitchen-4-${name}", "what a variable holds is not looked at again")
    #expect(kitchen.note == "kitchen-4-${name}/${losses[0].use}uniformcls-cosine")
    #expect(kitchen.output.url.path == "/elsewhere/runs/4")
    #expect(kitchen.training == Training(epochs: 4, seed: 4, shuffle: false))
    #expect(kitchen.losses[0].weight == 0.5)
  }

  @Test func aWholeReferenceKeepsItsMeaning() throws {
    func found(_ reference: String, _ other: String, _ variable: String = "") -> Scalar? {
      document("a: \(reference)\nb: \(other)", ["X": variable]).root?["a"]?.scalar
    }
    #expect(found("${b}", "7")?.meaning == .integer)
    #expect(found("\"${b}\"", "7")?.meaning == .integer)
    #expect(found("${b}", "\"7\"")?.meaning == .text)
    #expect(found("${b}", "true")?.meaning == .boolean(true))
    #expect(found("${b}", "~")?.meaning == .null)
    #expect(found("x${b}", "~")?.text == "x")
    #expect(found("${b}0", "7") == Scalar("70", isPlain: false))
    #expect(found("$${b}", "7") == Scalar("${b}", isPlain: false))
    #expect(found("$$${b} $5 $ $$ {b}", "7")?.text == "$${b} $5 $ $$ {b}")
    #expect(found("${X}", "7", "7")?.meaning == .integer)
    #expect(found("${X}", "7", "yes")?.meaning == .ambiguousBoolean(true))
    #expect(found("${X}", "7", "$${b}")?.text == "$${b}")
  }

  /// The environment has no quotes: `RUN=007` names a run, and is no number of epochs.
  @Test func theOptionDecidesWhatAVariableIs() throws {
    let text = "name: ${RUN}\ntraining: {epochs: 1}"
    #expect(try Kitchen.decode(document(text, ["RUN": "007"])).value.name == "007")
    #expect(
      try Kitchen.problems(document("name: x\ntraining:\n  epochs: ${RUN}", ["RUN": "007"])) == [
        "3:11 expected a whole number, found `007` (write `7` if a number is meant, or put it in quotes if text is meant)"
      ])
  }

  @Test(arguments: [
    ("name: ${NOT_SET}", "1:7 the environment variable `NOT_SET` is not set (set it, or write `$${`"),
    ("name: a ${b", "1:7 `${` is not closed (write `$${` for a literal `${`)"),
    ("name: ${}", "1:7 `${}` refers to nothing (write ${NAME} for an environment"),
    ("name: ${a..b}", "1:7 `${a..b}` refers to nothing"), ("name: ${training[x]}", "1:7 `${training[x]}` refers to"),
    ("name: ${${note}}", "1:7 there is no value `${note` to refer to"),
    ("name: ${warmup.share}", "1:7 there is no value `warmup.share` to refer to (a value has to be written"),
    ("name: ${training.seed}", "1:7 there is no value `training.seed` to refer to"),
    ("name: ${training}", "1:7 `training` is a mapping, not a single value"),
    ("name: ${losses}\nlosses: []", "1:7 `losses` is a list, not a single value"),
    ("name: ${losses[3].use}\nlosses: []", "1:7 there is no value `losses[3].use` to refer to"),
    (
      "name: ${training.epoch}",
      "1:7 there is no value `training.epoch` to refer to (did you mean `${training.epochs}`?)"
    ),
    (
      "name: x\nnote: ${losses.0.use}\nlosses: [{use: cls-cosine}]",
      "2:7 there is no value `losses.0.use` to refer to (did you mean `${losses[0].use}`?)"
    ),
    ("name: ${name}", "1:7 references go round in a circle: name → name"),
    ("name: x${note}\nnote: ${output}\noutput: ${note}", "3:9 references go round in a circle: note → output → note"),
    ("name: &n \"${name}\"\nnote: x", "1:7 references go round in a circle: name → name"),
  ])
  func mistakes(text: String, expected: String) throws {
    let problems = try Kitchen.problems(document(text + "\ntraining: {epochs: 1}"))
    #expect(problems.count == 1 && problems.first?.hasPrefix(expected) == true, "\(problems)")
  }

  @Test func everyReferenceOfATextIsTold() throws {
    #expect(
      try Kitchen.problems(document("name: \"a ${NONE} ${X} ${NIL}\"\ntraining: {epochs: 1}", ["X": "x", "NILS": ""]))
        == [
          "1:10 the environment variable `NONE` is not set (set it, or write `$${` for a literal `${`)",
          "1:23 the environment variable `NIL` is not set (did you mean `${NILS}`?)",
        ])
  }

  /// What a reference stands for has no quotes of its own.
  @Test func aNumberIsATextWhereOneIsWanted() throws {
    let kitchen = try Kitchen.decode(document("name: ${training.epochs}\nnote: ${name}\ntraining: {epochs: 1}")).value
    #expect(kitchen.name == "1" && kitchen.note == "1")
  }

  @Test func allMistakesAtOnce() throws {
    let shelf = try Shelf([
      "a.yaml": "extends: b.yaml\nname: ${NONE}\nindx: {use: hnsw}",
      "b.yaml": "note: ${name}\ntraining: {epochs: \"${no}\"}",
    ])
    #expect(
      try shelf.problems("a.yaml").map { $0.prefix { $0 != "(" } } == [
        "a.yaml:2:7 the environment variable `NONE` is not set ", "a.yaml:3:1 unknown key `indx` ",
        "b.yaml:2:21 there is no value `no` to refer to ",
      ])
  }

  /// A base may leave to the extending file, or to the command line, what its references stand for.
  @Test func theyReadTheMergedDocument() throws {
    let shelf = try Shelf([
      "sub/base.yaml": "name: base\noutput: runs/${name}\ntraining: {epochs: 1, seed: \"${training.epochs}\"}",
      "a.yaml": "extends: sub/base.yaml\nname: a",
    ])
    func kitchen(_ set: (String, String)...) throws -> Kitchen {
      try Kitchen.decode(shelf.read("a.yaml", set: set)).value
    }
    #expect(try kitchen().output.url.path == shelf.path("sub/runs/a"))
    let other = try kitchen(("name", "b"), ("training.epochs", "3"), ("note", "${output}"))
    #expect(other.output.url.path == shelf.path("sub/runs/b") && other.note == "runs/b")
    #expect(other.training == Training(epochs: 3, seed: 3))
  }

  @Test(.timeLimit(.minutes(1))) func hostileReferences() throws {
    func first(_ text: String) -> String? {
      let problem = document(text).diagnostics.first
      return problem.map { "\($0.range.line):\($0.range.column) \($0.message)" }
    }
    let doubling = (0..<60).map { "a\($0): ${a\($0 + 1)}${a\($0 + 1)}\n" }.joined() + "a60: xxxxxxxx"
    #expect(first(doubling)?.hasSuffix("references stand for more than 1048576 bytes") == true)
    let chain = (0..<20_000).map { "a\($0): ${a\($0 + 1)}\n" }.joined()
    #expect(first(chain) == "65:6 more than 64 references lead to one another")
    #expect(
      first("a: [" + Array(repeating: "\"${b}\"", count: 1001).joined(separator: ",") + "]\nb: 1")
        == "1:7005 more than 1000 references")
    #expect(first("a: " + String(repeating: "${a", count: 100_000) + "}") != nil)
    #expect(first("a: " + String(repeating: "$", count: 1_000_000)) == nil)
    let many = document(chain)
    #expect(throws: Diagnostics.self) { try Kitchen.decode(many) }
  }

  @Test func resolvedTextsSurvive() throws {
    for text in ["${x}", "$${x}", "$${", "$", "${", "a$${HOME}${b}$", "${\u{301}", "$\u{301}{"] {
      var kitchen = Kitchen()
      (kitchen.name, kitchen.note) = (text, text)
      let back = try Kitchen.decode(document(kitchen.resolvedYAML())).value
      #expect(Array(back.name.utf8) == Array(text.utf8) && back.note == text, "\(text)")
    }
  }
}
