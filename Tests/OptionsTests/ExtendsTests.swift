import DistillOptions
import DistillYAML
import Foundation
import TestSupport
import Testing

/// A folder of files that is gone when the value is.
final class Shelf {
  private let folder: TemporaryFolder
  var url: URL { folder.url }

  init(_ files: [String: String]) throws {
    folder = try TemporaryFolder()
    for (name, text) in files {
      let file = url.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
  }

  func path(_ name: String) -> String { url.appending(path: name).path }

  /// The file with everything that reuse does, in the order of the command.
  func read(
    _ name: String, set overrides: [(String, String)] = [], environment: [String: String] = [:],
    limits: YAMLLimits = YAMLLimits()
  ) -> YAMLDocument {
    var document = YAMLDocument(file: path(name), limits: limits)
    document.extend()
    for (path, value) in overrides { document.set(path, value) }
    document.substitute(environment: environment)
    return document
  }

  /// `file:line:column message (hint)` of everything that is wrong, without the folder's name.
  func problems(_ document: YAMLDocument) throws -> [String] {
    do {
      _ = try Kitchen.decode(document)
      return []
    } catch let error as Diagnostics {
      return error.list.map { problem in
        "\(problem.range) \(problem.message)\(problem.hint.map { " (\($0))" } ?? "")".replacing(
          url.path + "/", with: "")
      }
    }
  }

  func problems(_ name: String) throws -> [String] { try problems(read(name)) }
}

@Suite struct ExtendsTests {
  private let base = """
    name: base
    output: runs/base
    training:
      epochs: 4
      seed: 7
    losses:
      - {use: cls-cosine}
    """

  @Test func topLevelKeysAreReplacedAsWholes() throws {
    let shelf = try Shelf([
      "base.yaml": base, "middle.yaml": "extends: base.yaml\nname: middle\nnote: from the middle",
      "a.yaml": "training: {epochs: 9}\nextends: ./middle.yaml\nname: a",
    ])
    let decoded = try Kitchen.decode(shelf.read("a.yaml"))
    #expect(decoded.value.name == "a" && decoded.value.note == "from the middle" && decoded.value.losses.count == 1)
    #expect(decoded.value.training == Training(epochs: 9), "the seed of the base is gone with the rest of its mapping")
    for (path, place) in [
      ("name", "a.yaml:3:7"), ("note", "middle.yaml:3:7"), ("losses[0].use", "base.yaml:7:11"),
      ("training", "a.yaml:1:11"), ("index", "a.yaml:1:1"),
    ] {
      #expect("\(decoded.source.range(of: path))" == shelf.path(place), "what wiring errors point at")
    }
  }

  @Test func pathsAreRelativeToTheFileThatNamesThem() throws {
    let shelf = try Shelf(["shared/base.yaml": base, "x/a.yaml": "extends: ../shared/base.yaml"])
    func output(_ document: YAMLDocument) throws -> String { try Kitchen.decode(document).value.output.url.path }
    #expect(try output(shelf.read("x/a.yaml")) == shelf.path("shared/runs/base"))
    #expect(try output(shelf.read("x/a.yaml", set: [("output", "here")])) == shelf.path("x/here"))
  }

  @Test func mistakesPointIntoTheirFile() throws {
    let shelf = try Shelf([
      "a.yaml": "extends: sub/base.yaml\nwarmup: {share: 2}\nindx: {use: hnsw}",
      "sub/base.yaml": "name: 7\nname: again\ntraining: {sed: 1}\nlosses:\n  - {use: cls-cosin}\n\nlayer_map: last",
    ])
    #expect(
      try shelf.problems("a.yaml") == [
        "a.yaml:2:17 must be between 0 and 1, found 2",
        "a.yaml:3:1 unknown key `indx` (did you mean `index`?)",
        "sub/base.yaml:1:7 expected a text, found the number 7 (put it in quotes: \"7\")",
        "sub/base.yaml:2:1 the key `name` is given twice (it was first given on line 1)",
        "sub/base.yaml:3:11 missing key `epochs` (Passes over the data.)",
        "sub/base.yaml:3:12 unknown key `sed` (did you mean `seed`?)",
        "sub/base.yaml:5:11 unknown loss `cls-cosin` (did you mean `cls-cosine`?)",
        "sub/base.yaml:7:12 expected `uniform` or a list of lists of whole numbers, found the text \"last\" (known here: `uniform`)",
      ])
    let error = try #require(throws: Diagnostics.self) { try Kitchen.decode(shelf.read("a.yaml")) }
    #expect(
      error.rendered().contains("sub/base.yaml:5:11: error: unknown loss `cls-cosin`\n 5 |   - {use: cls-cosin}\n"))
    let json = try JSONSerialization.jsonObject(with: error.json()) as? [[String: Any]]
    #expect(json?.map { $0["file"] as? String } == error.list.map(\.range.source.name))
    #expect(json?.last?["source"] as? String == "layer_map: last")
  }

  @Test func missingKeysAreMissedWhereTheReadingBegan() throws {
    let shelf = try Shelf(["a.yaml": "\nextends: base.yaml", "base.yaml": "training: {epochs: 1}"])
    #expect(try shelf.problems("a.yaml") == ["a.yaml:2:1 missing key `name` (The name.)"])
  }

  @Test func overridesReachWhatIsInherited() throws {
    let shelf = try Shelf(["a.yaml": "extends: base.yaml", "base.yaml": base])
    let document = shelf.read("a.yaml", set: [("training.epochs", "2"), ("losses[0].weight", "3")])
    let kitchen = try Kitchen.decode(document).value
    #expect(kitchen.training == Training(epochs: 2, seed: 7) && kitchen.losses[0].weight == 3)
    let wrong = shelf.read("a.yaml", set: [("training.epochs", "0"), ("trainig.epochs", "1"), ("extends", "b.yaml")])
    #expect(
      try shelf.problems(wrong).map { $0.prefix { $0 != "(" } } == [
        "--set training.epochs must be at least 1, found 0", "--set trainig.epochs unknown key `trainig` ",
        "--set extends unknown key `extends` ",
      ])
  }

  @Test(arguments: [
    ("extends: no.yaml", "a.yaml:1:10 there is no file no.yaml (paths are relative to the file that names them)"),
    ("extends: 5", "a.yaml:1:10 expected a path, found the number 5 (put it in quotes: \"5\")"),
    ("extends: [base.yaml]", "a.yaml:1:10 expected a path, found a list"),
    ("extends:", "a.yaml:1:9 expected a path, found nothing (give a value, or leave the key out)"),
    ("extends: \"a\\0b\"", "a.yaml:1:10 expected a path, found the text \"a\0b\""),
    ("extends: folder", "a.yaml:1:10 folder is not a file"),
    ("extends: \"\"", "a.yaml:1:10 /"),
    ("extends: /dev/zero", "a.yaml:1:10 /dev/zero is not a file"),
    ("extends: list.yaml", "a.yaml:1:10 list.yaml holds a list, not a mapping"),
    ("extends: empty.yaml", "a.yaml:1:10 empty.yaml holds nothing, not a mapping"),
    ("extends: syntax.yaml", "syntax.yaml:1:4 did not find expected ',' or ']' while parsing a flow sequence"),
    ("extends: deep.yaml", "deep.yaml:1:65 nested more than 64 levels deep"),
    ("extends: large.yaml", "large.yaml:1:1 the file is larger than 1048576 bytes"),
    ("name: x\nextends: a.yaml", "a.yaml:2:10 files extend each other in a circle: a.yaml → a.yaml"),
    ("extends: b.yaml", "c.yaml:2:10 files extend each other in a circle: a.yaml → b.yaml → c.yaml → a.yaml"),
    ("extends: d.yaml", "e.yaml:1:10 files extend each other in a circle: d.yaml → e.yaml → d.yaml"),
    ("extends: link.yaml", "e.yaml:1:10 files extend each other in a circle: link.yaml → e.yaml → d.yaml"),
  ])
  func refused(text: String, expected: String) throws {
    let shelf = try Shelf([
      "a.yaml": text, "b.yaml": "extends: c.yaml", "c.yaml": "name: c\nextends: folder/../a.yaml",
      "d.yaml": "extends: e.yaml", "e.yaml": "extends: d.yaml", "folder/x": "", "list.yaml": "- a",
      "empty.yaml": "# nothing", "syntax.yaml": "a: [1", "deep.yaml": String(repeating: "[", count: 1000),
      "large.yaml": String(repeating: "#", count: 1 << 20 + 1),
    ])
    try FileManager.default.createSymbolicLink(
      atPath: shelf.path("link.yaml"), withDestinationPath: shelf.path("d.yaml"))
    let problems = try shelf.problems("a.yaml")
    #expect(problems.count == 1 && problems.first?.hasPrefix(expected) == true, "\(problems)")
  }

  @Test func chainsAreBounded() throws {
    var files = (0..<16).reduce(into: [:]) { $0["\($1).yaml"] = "extends: \($1 + 1).yaml" }
    files["15.yaml"] = "name: last\ntraining: {epochs: 1}"
    files["16.yaml"] = files["15.yaml"]
    var shelf = try Shelf(files)
    #expect(try Kitchen.decode(shelf.read("0.yaml")).value.name == "last")
    files["15.yaml"] = "extends: 16.yaml"
    shelf = try Shelf(files)
    #expect(try shelf.problems("0.yaml") == ["15.yaml:1:10 more than 16 files extend one another"])
  }

  /// `extends` means something to pipelines only; whoever does not ask for it gets an error, not a file.
  @Test func nothingIsReadUnasked() throws {
    #expect(
      try Kitchen.problems("extends: base.yaml\nname: ${X}\ntraining: {epochs: 1}").map { $0.prefix(25) } == [
        "1:1 unknown key `extends`"
      ])
  }

  @Test func originsAreShown() throws {
    let shelf = try Shelf(["a.yaml": "extends: base.yaml\nname: \"${output}\"", "base.yaml": base])
    let decoded = try Kitchen.decode(shelf.read("a.yaml", set: [("training.epochs", "2")]))
    #expect(
      decoded.annotatedYAML().replacing(shelf.url.path + "/", with: "") == """
        name: runs/base  # a.yaml:2
        note: null  # default
        output: runs/base  # base.yaml:2
        layer_map: uniform  # default
        training:
          epochs: 2  # command line
          learning_rate: 5.0e-05  # default
          seed: 7  # base.yaml:5
          shuffle: true  # default
        warmup: null  # default
        losses:
          - use: cls-cosine  # base.yaml:7
            form: plain  # default
            layers: []  # default
            weight: 1.0  # default
        index: null  # default

        """)
    let again = try Kitchen.decode(YAMLDocument(decoded.annotatedYAML())).value
    #expect(again.resolvedYAML() == decoded.value.resolvedYAML())
  }

  @Test func severalFilesAreToldOneAfterTheOther() throws {
    let shelf = try Shelf([
      "a.yaml": "extends: base.yaml\nname: 1", "b.yaml": "name: 2\nextends: base.yaml", "base.yaml": "training: 0",
    ])
    let failures = ["a.yaml", "b.yaml"].compactMap { name -> Diagnostics? in
      do { _ = try Kitchen.decode(shelf.read(name)) } catch { return error as? Diagnostics }
      return nil
    }
    let names = Diagnostics(joining: failures).list.map { "\($0.range)".replacing(shelf.url.path + "/", with: "") }
    #expect(names == ["a.yaml:2:7", "base.yaml:1:11", "b.yaml:1:7"])
  }
}
